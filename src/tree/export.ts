import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import type { Image } from "../image/image.ts";
import type { Layer } from "../image/layer.ts";
import { mergeLayers, type TreeOptions } from "./open.ts";
import { closeTars } from "./tars.ts";
import { writeTree } from "./write.ts";

/** How to export. */
export type ExportOptions = Pick<TreeOptions, "signal" | "jobs" | "limits">;

/**
 * The file system of an image as one tar. It begins once all layers have been read and verified; cancelling it gives the
 * temporary files back.
 *
 * @throws {GantryError} From the stream, what `openTree` throws.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { readTar, writeTar } from "@gantry/oci/tar";
 * import { exportImage } from "@gantry/oci/tree";
 *
 * const image = emptyImage().append(layer(() => writeTar([{ type: "file", path: "etc/motd" }]), { compression: "none" }));
 * for await (const entry of readTar(exportImage(image))) console.log(entry.path); // etc/, etc/motd
 * ```
 */
export function exportImage(image: Image, options: ExportOptions = {}): ReadableStream<Bytes> {
  return exportLayers(image, options);
}

/** The same for layers, the base first. */
export function exportLayers(
  layers: Image | readonly Layer[],
  options: ExportOptions = {},
): ReadableStream<Bytes> {
  return streamOfPieces(pieces(layers, options));
}

async function* pieces(
  layers: Image | readonly Layer[],
  options: ExportOptions,
): AsyncGenerator<Bytes, void, void> {
  const { root, tars } = await mergeLayers(layers, options);
  try {
    yield* chunksOf(writeTree(root, tars, { once: true, signal: options.signal }), options.signal);
  } finally {
    await closeTars(tars);
  }
}
