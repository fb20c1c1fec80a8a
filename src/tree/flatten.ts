import type { Edit } from "../image/edit.ts";
import { Image } from "../image/image.ts";
import { Index } from "../image/index.ts";
import type { IndexEdit } from "../image/index_edit.ts";
import { layer, type LayerOptions } from "../image/made_layer.ts";
import type { Part } from "../content/contracts.ts";
import type { EditedIndexEntry } from "../image/index_edit.ts";
import type { Platform } from "../spec/platform.ts";
import { exportLayers } from "./export.ts";

/** How to flatten. */
export interface FlattenOptions extends LayerOptions {
  /** What the history says of how the one layer came about. Default: `gantry flatten`. */
  createdBy?: string | undefined;
}

/**
 * Makes one layer of all layers. The history becomes one entry, in whose comment the old one stands as JSON; all else stays.
 * The layers are read once, when the new one is written or asked for its digest.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { flatten } from "@gantry/oci/tree";
 *
 * const plain = { compression: "none" } as const;
 * const two = emptyImage().append(layer(new Uint8Array(1024), plain)).append(layer(new Uint8Array(1024), plain));
 * console.log((await two.edit(flatten(plain)).layers()).length); // 1
 * ```
 */
export function flatten({ createdBy = "gantry flatten", ...options }: FlattenOptions = {}): Edit {
  return {
    keepsArtifactConfig: true,
    layers(layers) {
      const before = layers.map(({ layer }) => layer);
      return [{ layer: layer(() => exportLayers(before), options) }];
    },
    async config(config, { layers, signal }) {
      config.rootfs.diff_ids = [await layers[0]!.layer.diffID({ signal })];
      config.history = [{ created_by: createdBy, comment: JSON.stringify(config.history ?? []) }];
    },
  };
}

/**
 * Flattens each image of an index, those in indexes within it too. What belongs to the images as they were, as attestations
 * do, is left out.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex } from "@gantry/oci/image";
 * import { flattenIndex } from "@gantry/oci/tree";
 *
 * const index = emptyIndex().edit(addManifest(emptyImage())).edit(flattenIndex({ compression: "none" }));
 * console.log((await index.children()).length); // 1
 * ```
 */
export function flattenIndex(options: FlattenOptions = {}): IndexEdit {
  return {
    entries: (entries) => entries.flatMap((entry) => flattened(entry, options)),
    manifest({ manifests }, { entries }) {
      for (const [i, { from }] of (entries as Flattened[]).entries()) {
        const annotations = from?.known?.annotations;
        if (annotations) manifests[i]!.annotations = annotations;
      }
    },
  };
}

/** An entry that remembers what was flattened, whose descriptor has annotations. */
interface Flattened extends EditedIndexEntry {
  from?: Part;
}

function flattened(entry: EditedIndexEntry, options: FlattenOptions): Flattened[] {
  const { part, platform } = entry;
  if (isAttestation(platform)) return [];
  if (part instanceof Image) return [{ part: part.edit(flatten(options)), platform, from: part }];
  if (part instanceof Index) return [{ part: part.edit(flattenIndex(options)), platform, from: part }];
  return [entry];
}

/** BuildKit's attestations are for a platform that there is not. */
function isAttestation(platform: Platform | undefined): boolean {
  return platform?.os === "unknown" && platform.architecture === "unknown";
}
