import { stat } from "node:fs/promises";
import { type Bytes, streamOf } from "../bytes.ts";
import { decompress } from "../codec/mod.ts";
import { GantryError } from "../errors.ts";
import { fileStream } from "../disk/stream.ts";
import { type Layer, layer, type LayerOptions, packedLayer } from "../image/mod.ts";
import { ignored } from "./ignored.ts";
import { packDirectory, type PackOptions } from "../rootfs/mod.ts";
import { type TarItem, writeTar } from "../tar/mod.ts";

/** What a layer is made of: a directory or a file, a tar whole or as a stream, or what is to be in the tar. */
export type LayerSource =
  | string
  | Blob
  | Bytes
  | ReadableStream<Bytes>
  | Iterable<TarItem>
  | AsyncIterable<TarItem>;

/** Options of {@link layerOf}: how the layer is made, and how a directory is packed. */
export type LayerOfOptions = LayerOptions & Omit<PackOptions, "signal" | "skip"> & {
  /**
   * What of a directory is left out, as lines of a `.dockerignore`; `true` for those of the file of this name in it.
   * Default: nothing.
   */
  ignore?: readonly string[] | true | undefined;
};

/**
 * A layer made of a directory, of a tar (which may be compressed), or of items for a tar. What comes from streams and
 * items can be read once; a directory, a file, a `Blob` or bytes as often as needed. The tar of a directory does not depend
 * on the machine or on the time, only on what is in it. A file that is compressed stays as it is, unless `compression` says
 * otherwise.
 *
 * @throws {GantryError} `not-found` when there is no such file or directory.
 *
 * @example
 * ```ts
 * import { emptyImage, layerOf } from "@gantry/oci";
 *
 * const app = new TextEncoder().encode("#!/bin/sh\n");
 * const layer = await layerOf([
 *   { type: "file", path: "app", size: app.length, readable: new Blob([app]).stream(), options: { mode: 0o755 } },
 * ]);
 * console.log(emptyImage().append(layer).configure({ cmd: ["/app"] }));
 * ```
 */
export async function layerOf(source: LayerSource, options: LayerOfOptions = {}): Promise<Layer> {
  if (typeof source === "string") return await layerAt(source, options);
  if (source instanceof ReadableStream) return layer(source.pipeThrough(decompress()), options);
  if (source instanceof Blob) return layer(() => source.stream().pipeThrough(decompress()), options);
  if (source instanceof Uint8Array) return layer(() => streamOf(source).pipeThrough(decompress()), options);
  return layer(writeTar(source), options);
}

async function layerAt(path: string, options: LayerOfOptions): Promise<Layer> {
  const found = await stat(path).catch((cause) => {
    const reason = cause?.code === "ENOENT" ? "no such file or directory" : cause?.message;
    throw new GantryError("not-found", `make a layer of ${JSON.stringify(path)}: ${reason}`, { cause });
  });
  if (found.isDirectory()) {
    const skip = options.ignore && await ignored(path, options.ignore);
    return layer(() => writeTar(packDirectory(path, { ...options, skip })), options);
  }
  const open = () => fileStream(path, 0, found.size, undefined);
  if (options.compression === undefined) return await packedLayer(open, options);
  return layer(() => open().pipeThrough(decompress()), options);
}
