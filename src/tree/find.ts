import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Image } from "../image/image.ts";
import type { TarType } from "../tar/mod.ts";
import { LayerView, type Seen } from "./layer_view.ts";
import { mostLinks, partsOf, stepsOf } from "./path.ts";

/** A file, directory or device of an image. */
export interface FoundFile extends AsyncDisposable {
  /** Its path once symlinks are followed, without a slash before it. */
  path: string;
  /** What it is; never a link. */
  type: TarType;
  /** Bytes of content. */
  size: number;
  /** Permission bits. */
  mode: number;
  /** Owner's number. */
  uid: number;
  /** Group's number. */
  gid: number;
  /** The layer that it is in, from 0 at the base. */
  layer: number;
  /** Whether its content is verified as it is read. Of a layer without a table of contents only the whole can be. */
  verified: boolean;
  /** Its content. Whoever does not read it to its end disposes of the file. */
  readable: ReadableStream<Bytes>;
}

/**
 * Finds a file in an image, and reads no more than it must: the layers from the top down to the one that has it. Where that has
 * a table of contents (eStargz, zstd:chunked) it fetches this and the file, both verified; another layer it reads up to the
 * end of the file, which leaves its digest unchecked. Symlinks are followed inside the image.
 *
 * Paths are looked up as layers have them. A layer that has its files under the name of a directory which is a symlink in
 * a layer below shows them under that name only; `openTree` shows them where they would be unpacked.
 *
 * @throws {GantryError} `not-found`; `invalid-archive` for symlinks that lead in a circle.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { writeTar } from "@gantry/oci/tar";
 * import { findFile } from "@gantry/oci/tree";
 *
 * const tar = () => writeTar([{ type: "file", path: "etc/motd" }, { type: "symlink", path: "motd", linkname: "etc/motd" }]);
 * await using motd = await findFile(emptyImage().append(layer(tar, { compression: "none" })), "/motd");
 * console.log(motd.path, motd.size); // etc/motd 0
 * ```
 */
export async function findFile(image: Image, path: string, options: Options = {}): Promise<FoundFile> {
  const layers = await image.layers(options);
  const views = layers.map((layer, i) =>
    new LayerView(layer, layer.known ? `layer ${layer.known.digest}` : `layer ${i}`, options)
  );
  const close = async () => {
    for (const view of views) await view[Symbol.asyncDispose]();
  };
  try {
    const found = await resolve(views, path);
    if (!found) {
      throw new GantryError("not-found", `find ${JSON.stringify(path)}: the image has no such file`);
    }
    const { seen, layer, path: at } = found;
    const view = views[layer]!;
    const { type, size, mode, uid, gid } = seen;
    return {
      path: at === "" ? "." : at,
      type,
      size,
      mode: mode & 0o7777,
      uid,
      gid,
      layer,
      verified: view.verified,
      readable: streamOfPieces(contentOf(view, found, options, close)),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* contentOf(
  view: LayerView,
  { path, seen }: Place,
  options: Options,
  close: () => Promise<void>,
): AsyncGenerator<Bytes, void, void> {
  try {
    if (seen.type === "file") yield* chunksOf(await view.content(path, seen), options.signal);
  } finally {
    await close();
  }
}

interface Place {
  path: string;
  seen: Seen;
  layer: number;
}

/** Follows symlinks and hard links until there is something else. */
async function resolve(views: readonly LayerView[], path: string): Promise<Place | undefined> {
  let parts = partsOf(path);
  let top = views.length - 1;
  for (let links = 0; links <= mostLinks; links++) {
    // What `..` leads to depends on the links before it.
    const dots = parts.indexOf("..");
    const before = dots < 0 ? parts : parts.slice(0, dots);
    const found = await look(views, before, top);
    if (found?.seen.type === "symlink") {
      const { at, seen: { linkname } } = found;
      parts = [...linked(parts.slice(0, at - 1), linkname), ...parts.slice(at)];
      top = views.length - 1;
    } else if (dots >= 0) parts = [...before.slice(0, -1), ...parts.slice(dots + 1)];
    else if (!found) return undefined;
    else if (found.seen.type === "hardlink") {
      parts = partsOf(found.seen.linkname);
      top = await layerOfTarget(views, parts, found);
    } else return { path: parts.join("/"), seen: found.seen, layer: found.layer };
  }
  throw new GantryError("invalid-archive", `find ${JSON.stringify(path)}: too many symlinks`);
}

/** Where to look for what a hard link is to: it means what was there when it was made. */
async function layerOfTarget(
  views: readonly LayerView[],
  parts: readonly string[],
  link: Found,
): Promise<number> {
  const view = views[link.layer]!, path = parts.join("/");
  const own = view.get(path);
  if (own && own.order < link.seen.order) return link.layer;
  await view.finish();
  if (view.hides(path)) return link.layer;
  return await look(views, parts, link.layer - 1) ? link.layer - 1 : link.layer;
}

/** The steps of a link from a directory, whose own parts are no links: `..` goes up in it at once. */
function linked(directory: readonly string[], target: string): string[] {
  const steps = stepsOf(target);
  const above = target.startsWith("/") ? [] : [...directory];
  while (steps[0] === "..") {
    steps.shift();
    above.pop();
  }
  return [...above, ...steps];
}

interface Found {
  seen: Seen;
  layer: number;
  /** How many parts lead to it. */
  at: number;
}

/**
 * What the highest layer that speaks of a path has there; or the symlink on the way to it, and how many parts lead to that.
 */
async function look(
  views: readonly LayerView[],
  parts: readonly string[],
  top: number,
): Promise<Found | undefined> {
  const path = parts.join("/");
  /** How many of the parts lead to a directory that a layer above has put there, whatever is below. */
  let settled = 0;
  for (let layer = top; layer >= 0; layer--) {
    const view = views[layer]!;
    const seen = await view.seek(path);
    for (let at = 1; at < parts.length; at++) {
      const above = view.get(parts.slice(0, at).join("/"));
      if (!above) continue;
      if (above.type === "directory") settled = Math.max(settled, at);
      else if (at <= settled || above.type !== "symlink") return undefined;
      else return { seen: above, layer, at };
    }
    if (seen) return { seen, layer, at: parts.length };
    if (view.hides(path)) return undefined;
  }
  return undefined;
}
