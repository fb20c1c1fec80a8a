import type { Edit } from "../edit.ts";
import { configure } from "./configure.ts";

/**
 * Sets labels of the config; those whose value is null are removed.
 *
 * @example
 * ```ts
 * import { emptyImage, label } from "@gantry/oci/image";
 *
 * const image = emptyImage().edit(label({ version: "1.2" }));
 * console.log((await image.config()).config?.Labels); // { version: "1.2" }
 * ```
 */
export function label(changes: Record<string, string | null>): Edit {
  return configure({ labels: changes });
}
