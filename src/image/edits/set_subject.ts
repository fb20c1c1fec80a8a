import type { Descriptor } from "../../spec/descriptor.ts";
import type { Edit } from "../edit.ts";
import type { IndexEdit } from "../index_edit.ts";

/**
 * Says which manifest an image or index is about, as signatures do; null for none.
 *
 * @example
 * ```ts
 * import { emptyImage, setSubject } from "@gantry/oci/image";
 *
 * const note = emptyImage().edit(setSubject(await emptyImage().descriptor()));
 * console.log((await note.manifest()).subject?.mediaType); // application/vnd.oci.image.manifest.v1+json
 * ```
 */
export function setSubject(subject: Descriptor | null): Edit & IndexEdit {
  return {
    manifest(manifest: { subject?: Descriptor }) {
      if (subject === null) return void delete manifest.subject;
      const { mediaType, digest, size, artifactType } = subject;
      manifest.subject = { mediaType, size, digest, ...(artifactType !== undefined && { artifactType }) };
    },
  };
}
