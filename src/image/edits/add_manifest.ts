import type { Part } from "../../content/contracts.ts";
import type { Annotations, Descriptor } from "../../spec/descriptor.ts";
import type { Platform } from "../../spec/platform.ts";
import type { IndexEdit } from "../index_edit.ts";

/** What an index says of a manifest that is added to it. */
export interface ManifestDetails {
  /** What the image is for. Default: the index does not say. */
  platform?: Platform | undefined;
  /** Annotations on the manifest's descriptor. */
  annotations?: Annotations | undefined;
  /** What the manifest is, when it is not an image. */
  artifactType?: string | undefined;
}

/**
 * Adds an image, an index or an artifact to the end of an index.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex } from "@gantry/oci/image";
 *
 * const platform = { os: "linux", architecture: "arm64" };
 * const index = emptyIndex().edit(addManifest(emptyImage(platform), { platform }));
 * console.log((await index.indexManifest()).manifests.length); // 1
 * ```
 */
export function addManifest(part: Part, details: ManifestDetails = {}): IndexEdit {
  const { platform, annotations, artifactType } = details;
  return {
    entries: (entries) => [...entries, { part, platform }],
    manifest({ manifests }) {
      const added: Descriptor = manifests.at(-1)!;
      if (annotations) added.annotations = annotations;
      if (artifactType !== undefined) added.artifactType = artifactType;
    },
  };
}
