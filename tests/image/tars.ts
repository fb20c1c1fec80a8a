/** Layers of a few files, and what is in layers. */

import { utf8 } from "../../src/bytes.ts";
import { type Image, type Layer, layer, type LayerOptions } from "../../src/image/mod.ts";
import { type TarItem, writeTar } from "../../src/tar/mod.ts";

/** A file with a text in it. */
export function file(path: string, content: string, options: TarItem["options"] = {}): TarItem {
  const bytes = utf8(content);
  return { type: "file", path, size: bytes.length, readable: new Blob([bytes]).stream(), options };
}

/** A layer of items, which are made anew each time that it is read. */
export function layerWith(items: () => TarItem[], options: LayerOptions = { compression: "none" }): Layer {
  return layer(() => writeTar(items()), options);
}

/** What is in a layer: `path`, and `path -> linkname` of links. */
export async function pathsIn(layer: Layer): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path, linkname, type } of layer.entries()) {
    paths.push(type === "symlink" || type === "hardlink" ? `${path} -> ${linkname}` : path);
  }
  return paths;
}

/** The content of a file in a layer. */
export async function contentIn(layer: Layer, wanted: string): Promise<string | undefined> {
  let found: string | undefined;
  for await (const { path, readable } of layer.entries()) {
    if (path === wanted) found = await new Response(readable).text();
  }
  return found;
}

/** The digests of an image's layers. */
export async function digestsOf(image: Image): Promise<string[]> {
  return (await image.manifest()).layers.map(({ digest }) => digest);
}
