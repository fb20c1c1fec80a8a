import type { Options } from "../content/contracts.ts";
import type { Image } from "../image/image.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";

/** A step in which an image came about. */
export interface HistoryStep {
  /** When, in RFC 3339. */
  created?: string | undefined;
  /** The command. */
  createdBy?: string | undefined;
  /** A note. */
  comment?: string | undefined;
  /** The layer that it made; none where it changed only the config. */
  layer?: { descriptor: Descriptor; diffID: Digest | undefined } | undefined;
}

/**
 * How an image came about, the oldest step first, and which layer is from which step. Layers that the history says nothing
 * of come last, each as a step of its own.
 *
 * @throws {GantryError} `invalid-document` when the config is not an image's.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { imageHistory } from "@gantry/oci/tree";
 *
 * const history = { created_by: "COPY . /" };
 * const image = emptyImage().append(layer(new Uint8Array(1024), { compression: "none" }), { history });
 * console.log((await imageHistory(image))[0]?.createdBy); // COPY . /
 * ```
 */
export async function imageHistory(image: Image, options: Options = {}): Promise<HistoryStep[]> {
  const { history, rootfs } = await image.configFile(options);
  const descriptors = await Promise.all(
    (await image.layers(options)).map((layer) => layer.descriptor(options)),
  );
  const layers = descriptors.map((descriptor, i) => ({ descriptor, diffID: rootfs.diff_ids[i] }));
  const steps: HistoryStep[] = [];
  for (const { created, created_by, comment, empty_layer } of history ?? []) {
    const layer = empty_layer ? undefined : layers.shift();
    steps.push({ created, createdBy: created_by, comment, ...(layer && { layer }) });
  }
  return [...steps, ...layers.map((layer) => ({ layer }))];
}
