import type { History } from "../../spec/config.ts";
import type { Annotations } from "../../spec/descriptor.ts";
import type { Edit } from "../edit.ts";
import type { Layer } from "../layer.ts";

/** What is recorded of an appended layer besides its bytes. */
export interface LayerDetails {
  /** The entry in the config's history. Default: an empty one. */
  history?: History | undefined;
  /** Annotations on the layer's descriptor. */
  annotations?: Annotations | undefined;
}

/**
 * Puts one more layer on top. An artifact's config says nothing of layers, whatever it is: it stays byte for byte.
 *
 * @example
 * ```ts
 * import { append, emptyImage, layer } from "@gantry/oci/image";
 *
 * const image = emptyImage().edit(append(layer(new Uint8Array(1024), { compression: "none" })));
 * console.log((await image.layers()).length); // 1
 * ```
 */
export function append(layer: Layer, details: LayerDetails = {}): Edit {
  return {
    keepsArtifactConfig: true,
    layers: (layers) => [...layers, { layer }],
    async config(config, options) {
      config.rootfs.diff_ids.push(await layer.diffID(options));
      // An image without a history keeps none: a partial one could not be matched to the layers.
      const hasHistory = config.rootfs.diff_ids.length === 1 || config.history?.length;
      if (hasHistory) config.history = [...config.history ?? [], details.history ?? {}];
    },
    manifest({ layers }) {
      const added = layers.at(-1)!;
      if (details.annotations) added.annotations = { ...added.annotations, ...details.annotations };
    },
  };
}
