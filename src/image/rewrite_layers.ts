import type { Options } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import { isForeignType, isLayerType } from "../spec/media_type.ts";
import type { TarEntry, TarItem } from "../tar/item.ts";
import { writeTar } from "../tar/write.ts";
import { compressionOf } from "./compression_of.ts";
import type { Edit, LayerEntry } from "./edit.ts";
import type { Layer } from "./layer.ts";
import { layer as makeLayer, type LayerOptions } from "./made_layer.ts";

/** What becomes of the entries of a layer, in order; undefined when all stay as they are. */
export type Rewriting = ((entries: AsyncIterable<TarEntry>) => AsyncIterable<TarItem>) | undefined;

/** How layers are rewritten. */
export interface RewriteOptions extends Pick<LayerOptions, "engine" | "level" | "workers"> {
  /** Which layers, by their positions from 0 at the base. Default: all. */
  layers?: ((index: number, count: number) => boolean) | undefined;
}

/** How many layers are looked through at once. */
const atOnce = 4;

/**
 * An edit that writes some entries of layers anew. Each layer is looked through first; one in which nothing is to be
 * changed stays byte for byte, others are compressed as they were. Layers of artifacts, and those that come from
 * elsewhere, stay.
 *
 * @param plan Looks through a layer and says what becomes of it.
 */
export function rewriteLayers(
  plan: (layer: Layer, options: Options) => Promise<Rewriting>,
  { layers: chosen = () => true, ...how }: RewriteOptions,
): Required<Pick<Edit, "layers" | "config">> & Edit {
  const rewritten = async (entry: LayerEntry, index: number, options: Options): Promise<LayerEntry> => {
    const { layer } = entry;
    const mediaType = layer.mediaType();
    if (!isLayerType(mediaType) || isForeignType(mediaType)) return entry;
    const rewriting = await plan(layer, options);
    if (!rewriting) return entry;
    const tar = () => writeTar(rewriting(layer.entries()));
    return { layer: makeLayer(tar, { ...how, compression: compressionOf(mediaType) }), replaces: index };
  };
  return {
    keepsArtifactConfig: true,
    async layers(entries, options) {
      const slots = new Slots(atOnce);
      return await Promise.all(
        entries.map((entry, index) =>
          chosen(index, entries.length)
            ? slots.run(() => rewritten(entry, index, options), options.signal)
            : entry
        ),
      );
    },
    async config({ rootfs }, { layers, signal }) {
      if (rootfs.diff_ids.length !== layers.length) {
        throw new GantryError(
          "invalid-document",
          `rewrite layers: the config has ${rootfs.diff_ids.length} diffIDs, the image ${layers.length} layers`,
        );
      }
      for (const [i, { layer, replaces }] of layers.entries()) {
        if (replaces !== undefined) rootfs.diff_ids[i] = await layer.diffID({ signal });
      }
    },
  };
}
