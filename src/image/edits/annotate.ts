import type { Edit } from "../edit.ts";

/**
 * Sets annotations of the manifest; those whose value is null are removed. The config and the layers stay as they are,
 * and so does the manifest where nothing changes.
 *
 * @example
 * ```ts
 * import { annotate, emptyImage } from "@gantry/oci/image";
 *
 * const image = emptyImage().edit(annotate({ "org.opencontainers.image.version": "1.2", "com.example.old": null }));
 * console.log((await image.manifest()).annotations); // { "org.opencontainers.image.version": "1.2" }
 * ```
 */
export function annotate(changes: Record<string, string | null>): Edit {
  return {
    manifest(manifest) {
      const annotations = manifest.annotations ?? {};
      const before = Object.keys(annotations).length;
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) delete annotations[name];
        else annotations[name] = value;
      }
      if (Object.keys(annotations).length > 0) manifest.annotations = annotations;
      else if (before > 0) delete manifest.annotations;
    },
  };
}
