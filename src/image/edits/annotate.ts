import type { Annotations } from "../../spec/descriptor.ts";
import type { Edit } from "../edit.ts";
import type { IndexEntry } from "../index_body.ts";
import type { IndexEdit } from "../index_edit.ts";
import type { ManifestMatcher } from "../manifest_matcher.ts";

/** Annotations to set; those whose value is null are removed. */
export type AnnotationChanges = Record<string, string | null>;

/**
 * Sets annotations of the manifest of an image, or of an index. The config, the layers and the images stay as they are,
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
export function annotate(changes: AnnotationChanges): Edit & IndexEdit {
  return { manifest: (manifest: { annotations?: Annotations }) => change(manifest, changes) };
}

/**
 * Sets annotations on the descriptors that an index has of some of its manifests.
 *
 * @param matches Which ones.
 *
 * @example
 * ```ts
 * import { addManifest, annotateManifests, emptyImage, emptyIndex } from "@gantry/oci/image";
 *
 * const index = emptyIndex().edit(addManifest(emptyImage())).edit(annotateManifests(() => true, { note: "yes" }));
 * console.log((await index.indexManifest()).manifests[0]?.annotations); // { note: "yes" }
 * ```
 */
export function annotateManifests(matches: ManifestMatcher, changes: AnnotationChanges): IndexEdit {
  return {
    async manifest({ manifests }, { entries, signal }) {
      for (const [i, entry] of entries.entries()) {
        if (await matches(entry, { signal })) change(manifests[i]!, changes);
      }
    },
    // What others read of an entry is what the index says of it.
    async entries(entries, options) {
      const changed = async (entry: IndexEntry) => {
        if (!await matches(entry, options)) return entry;
        const described = { ...(entry.annotations && { annotations: { ...entry.annotations } }) };
        change(described, changes);
        return { ...entry, annotations: described.annotations };
      };
      return await Promise.all(entries.map(changed));
    },
  };
}

function change(what: { annotations?: Annotations }, changes: AnnotationChanges): void {
  const annotations = what.annotations ?? {};
  const before = Object.keys(annotations).length;
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete annotations[name];
    else annotations[name] = value;
  }
  if (Object.keys(annotations).length > 0) what.annotations = annotations;
  else if (before > 0) delete what.annotations;
}
