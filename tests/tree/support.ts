/** Images and layers for tests of trees. */

import type { Bytes } from "../../src/bytes.ts";
import { observed, streamOf, utf8 } from "../../src/bytes.ts";
import { type Memory, memory } from "../../src/content/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage, type Image, type Layer, layer, openImage } from "../../src/image/mod.ts";
import { type Annotations, mediaTypes } from "../../src/spec/mod.ts";
import { openTree } from "../../src/tree/mod.ts";
import { type TarItem, writeTar } from "../../src/tar/mod.ts";
import { source } from "../support/streams.ts";
import { all } from "../tar/tools.ts";

const plain = { compression: "none" } as const;

/** A layer of items, which can be read as often as wanted: `items` makes them anew each time. */
export function layerOf(items: () => TarItem[]): Layer {
  return layer(() => writeTar(items()), plain);
}

/** An image of layers of items. */
export function imageOf(...layers: (() => TarItem[])[]): Image {
  return layers.reduce((image, items) => image.append(layerOf(items)), emptyImage());
}

/** The paths of the tree, in the order in which they are written; links with what they point to. */
export async function listed(image: Image | readonly Layer[]): Promise<string[]> {
  await using tree = await openTree(image, { content: false });
  return [...tree.files()].map(({ path, type, linkname }) =>
    linkname === undefined ? path + (type === "directory" ? "/" : "") : `${path} -> ${linkname}`
  );
}

/** What a tree's files hold, by their paths. */
export async function contents(image: Image | readonly Layer[]): Promise<Record<string, string>> {
  await using tree = await openTree(image);
  const found: Record<string, string> = {};
  for await (const entry of tree.entries()) {
    if (entry.type === "file") found[entry.path] = await new Response(entry.readable).text();
    if (entry.type === "hardlink") found[entry.path] = found[entry.linkname]!;
  }
  return found;
}

/** A blob as the layer of an image in a store, and how many bytes were read of it. */
export async function stored(
  blob: Bytes,
  annotations?: Annotations,
  mediaType: string = mediaTypes.ociLayerGzip,
): Promise<{ image: Image; read: () => number }> {
  const store = memory();
  const put = async (bytes: Bytes, mediaType: string) =>
    (await store.write({ mediaType, replayable: true, open: () => Promise.resolve(streamOf(bytes)) }))
      .descriptor;
  const layer = { ...await put(blob, mediaType), ...(annotations && { annotations }) };
  const config = await put(utf8("{}"), "application/vnd.oci.empty.v1+json");
  const manifest = utf8(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] }),
  );
  await put(manifest, mediaTypes.ociManifest);
  const counted = counting(store, layer.digest);
  return { image: await openImage(counted.store, await digestBytes(manifest)), read: counted.read };
}

function counting(store: Memory, digest: string): { store: Memory; read: () => number } {
  let read = 0;
  const proxy = new Proxy(store, {
    get(target, key) {
      if (key !== "open") return Reflect.get(target, key)?.bind?.(target) ?? Reflect.get(target, key);
      return async (...args: Parameters<Memory["open"]>) => {
        const bytes = await target.open(...args);
        if (args[0].digest !== digest) return bytes;
        const chunks = source(await all(bytes)).stream;
        return observed(chunks, { chunk: ({ byteLength }) => void (read += byteLength) });
      };
    },
  });
  return { store: proxy, read: () => read };
}
