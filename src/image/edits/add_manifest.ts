import type { Part } from "../../content/contracts.ts";
import type { Annotations } from "../../spec/descriptor.ts";
import type { Platform } from "../../spec/platform.ts";
import type { IndexEntry } from "../index_body.ts";
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
  return addManifests([{ part, ...details }]);
}

/**
 * Adds several to the end of an index, in this order.
 *
 * @example
 * ```ts
 * import { addManifests, emptyImage, emptyIndex } from "@gantry/oci/image";
 *
 * const index = emptyIndex().edit(addManifests([{ part: emptyImage() }, { part: emptyIndex() }]));
 * console.log((await index.children()).length); // 2
 * ```
 */
export function addManifests(added: readonly IndexEntry[]): IndexEdit {
  return {
    entries: (entries) => [
      ...entries,
      ...added.map(({ part, platform, annotations, artifactType }) => ({
        part,
        platform,
        annotations,
        artifactType,
      })),
    ],
  };
}
