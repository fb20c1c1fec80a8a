import type { JsonObject } from "../../spec/json.ts";
import type { Edit } from "../edit.ts";
import type { RewriteOptions } from "../rewrite_layers.ts";
import { retime } from "./retime.ts";

/**
 * Takes out what depends on when and where an image was built: all times become 1970-01-01, and the names of the
 * container, its host and Docker's version go. The same files then give the same image.
 *
 * @example
 * ```ts
 * import { canonical, emptyImage } from "@gantry/oci/image";
 *
 * const image = emptyImage().configure({ created: "2024-01-01T12:34:56Z" });
 * console.log((await image.edit(canonical()).config()).created); // 1970-01-01T00:00:00Z
 * ```
 */
export function canonical(options: RewriteOptions = {}): Edit {
  const timeless = retime(new Date(0), options);
  return {
    ...timeless,
    async config(config, context) {
      await timeless.config?.(config, context);
      const file = config as unknown as Record<string, JsonObject | undefined>;
      delete file["container"];
      delete file["docker_version"];
      for (const name of ["config", "container_config"]) delete file[name]?.["Hostname"];
    },
  };
}
