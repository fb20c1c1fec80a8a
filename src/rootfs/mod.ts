/**
 * File systems on disk: a directory, or what makes one into another, as tar items.
 *
 * @example
 * ```ts
 * import { packDirectory } from "@gantry/oci/rootfs";
 *
 * for await (const item of packDirectory("/etc", { onSkip: (path, reason) => console.warn(path, reason) })) {
 *   console.log(item.type, item.path);
 *   break;
 * }
 * ```
 *
 * @module
 */

export { diffDirectories } from "./diff.ts";
export { packDirectory } from "./pack.ts";
export { type PackOptions } from "./pack_options.ts";
export type { TarItem } from "../tar/mod.ts";
