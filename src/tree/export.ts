import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import type { Image } from "../image/image.ts";
import { openTree, type TreeOptions } from "./open.ts";

/**
 * The file system of an image as one tar. It begins once all layers have been read and verified; cancelling it gives the
 * temporary files back.
 *
 * @throws {GantryError} From the stream, what {@link openTree} throws.
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
export function exportImage(
  image: Image,
  options: Pick<TreeOptions, "signal" | "jobs" | "limits"> = {},
): ReadableStream<Bytes> {
  async function* pieces(): AsyncGenerator<Bytes, void, void> {
    await using tree = await openTree(image, options);
    yield* chunksOf(tree.tar(), options.signal);
  }
  return streamOfPieces(pieces());
}
