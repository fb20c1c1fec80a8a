import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import process from "node:process";
import type { Readable } from "node:stream";
import type { Bytes } from "../../bytes.ts";
import { GantryError } from "../../errors.ts";
import { type Layer, packedLayer } from "../../image/mod.ts";
import { layerOf } from "../../places/layer_of.ts";

/** By all processors, and as fast as may be: the layer is smaller than crane makes it even so. */
const how = { workers: "auto", level: 1 } as const;

/**
 * Layers from files: a tar, compressed or not; a directory; `-` for standard input. What cannot be read twice, such as a
 * pipe, is read once, as it is written.
 */
export async function layersFrom(paths: readonly string[]): Promise<Layer[]> {
  if (paths.filter((path) => path === "-").length > 1) {
    throw new GantryError("invalid-name", "append layers: standard input can be read once");
  }
  const layers: Layer[] = [];
  for (const path of paths) layers.push(await layerFrom(path));
  return layers;
}

async function layerFrom(path: string): Promise<Layer> {
  if (path === "-") return await packedLayer(bytesOf(process.stdin), how);
  const found = await stat(path).catch((cause) => {
    const reason = cause?.code === "ENOENT" ? "no such file or directory" : cause?.message;
    throw new GantryError("not-found", `append layer ${JSON.stringify(path)}: ${reason}`, { cause });
  });
  if (found.isFile() || found.isDirectory()) return await layerOf(path, how);
  return await packedLayer(bytesOf(createReadStream(path)), how);
}

/** A stream of Node's as one of the Web's, which reads nothing ahead. */
function bytesOf(readable: Readable): ReadableStream<Bytes> {
  const chunks = readable[Symbol.asyncIterator]();
  return new ReadableStream<Bytes>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    async cancel() {
      await chunks.return?.();
    },
  }, { highWaterMark: 0 });
}
