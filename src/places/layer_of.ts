import { stat } from "node:fs/promises";
import { type Bytes, streamOf } from "../bytes.ts";
import { decompress } from "../codec/mod.ts";
import { GantryError } from "../errors.ts";
import { type Layer, layer, type LayerOptions } from "../image/mod.ts";
import { packDirectory, type PackOptions } from "../rootfs/mod.ts";
import { type TarItem, writeTar } from "../tar/mod.ts";

/** What a layer is made of: a directory, a tar whole or as a stream, or what is to be in the tar. */
export type LayerSource =
  | string
  | Blob
  | Bytes
  | ReadableStream<Bytes>
  | Iterable<TarItem>
  | AsyncIterable<TarItem>;

/** Options of {@link layerOf}: how the layer is made, and how a directory is packed. */
export type LayerOfOptions = LayerOptions & Omit<PackOptions, "signal">;

/**
 * A layer made of a directory, of a tar (which may be compressed), or of items for a tar. What comes from streams and
 * items can be read once; a directory, a `Blob` or bytes as often as needed. The tar of a directory does not depend on
 * the machine or on the time, only on what is in it.
 *
 * @throws {GantryError} `not-found` when there is no such directory.
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
  if (typeof source === "string") {
    await requireDirectory(source);
    return layer(() => writeTar(packDirectory(source, options)), options);
  }
  if (source instanceof ReadableStream) return layer(source.pipeThrough(decompress()), options);
  if (source instanceof Blob) return layer(() => source.stream().pipeThrough(decompress()), options);
  if (source instanceof Uint8Array) return layer(() => streamOf(source).pipeThrough(decompress()), options);
  return layer(writeTar(source), options);
}

async function requireDirectory(path: string): Promise<void> {
  const what = `make a layer of ${JSON.stringify(path)}`;
  const found = await stat(path).catch((cause) => {
    const reason = cause?.code === "ENOENT" ? "no such directory" : cause?.message;
    throw new GantryError("not-found", `${what}: ${reason}`, { cause });
  });
  if (!found.isDirectory()) throw new GantryError("unsupported", `${what}: not a directory`);
}
