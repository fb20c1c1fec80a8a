import type { Options } from "../../content/contracts.ts";
import { GantryError } from "../../errors.ts";
import type { ConfigFile, History } from "../../spec/config.ts";
import type { Digest } from "../../spec/digest.ts";
import type { Edit, LayerEntry } from "../edit.ts";

/**
 * Takes a layer out: its descriptor, its diffID and its entry in the history. An artifact's config says nothing of
 * layers, and stays byte for byte.
 *
 * Where it is known by its digest and the image has it more than once, the lowest is taken out.
 *
 * @param which Its position, from 0 at the base, or the digest of its compressed bytes.
 * @throws {GantryError} When the new image is asked for anything: `not-found` when there is no such layer;
 * `invalid-document` when the config's diffIDs or history cannot be matched to the layers.
 *
 * @example
 * ```ts
 * import { emptyImage, layer, removeLayer } from "@gantry/oci/image";
 *
 * const image = emptyImage().append(layer(new Uint8Array(1024), { compression: "none" }));
 * console.log((await image.edit(removeLayer(0)).layers()).length); // 0
 * ```
 */
export function removeLayer(which: number | Digest): Edit {
  return {
    keepsArtifactConfig: true,
    async layers(layers, options) {
      const removed = await find(which, layers, options);
      return layers.filter((_, index) => index !== removed);
    },
    async config(config, { before, signal }) {
      const removed = await find(which, before, { signal });
      removeFromConfig(config, removed, before.length);
    },
  };
}

async function find(
  which: number | Digest,
  layers: readonly LayerEntry[],
  options: Options,
): Promise<number> {
  for (const [index, { layer }] of layers.entries()) {
    if (which === index) return index;
    if (typeof which === "string" && await layer.digest(options) === which) return index;
  }
  throw new GantryError("not-found", `remove layer ${which}: the image has no such layer`);
}

function removeFromConfig(config: ConfigFile, removed: number, count: number): void {
  const { diff_ids } = config.rootfs;
  if (diff_ids.length !== count) throw mismatch(removed, count, `${diff_ids.length} diffIDs`);
  diff_ids.splice(removed, 1);
  if (config.history?.length) removeFromHistory(config.history, removed, count);
}

/** The history also has entries without a layer, which stay. */
function removeFromHistory(history: History[], removed: number, count: number): void {
  const positions = [...history.keys()].filter((at) => !history[at]!.empty_layer);
  if (positions.length !== count) throw mismatch(removed, count, `a history of ${positions.length} layers`);
  history.splice(positions[removed]!, 1);
}

function mismatch(removed: number, count: number, found: string): GantryError {
  return new GantryError(
    "invalid-document",
    `remove layer ${removed}: the config has ${found}, the image ${count} layers`,
  );
}
