import { stat } from "node:fs/promises";
import { join } from "node:path";
import { documentLimit } from "../../content/mod.ts";
import { digestBytes } from "../../digest/mod.ts";
import { readSmall } from "../../disk/files.ts";
import { GantryError } from "../../errors.ts";
import { type Image, Index, openRoot } from "../../image/mod.ts";
import { layout } from "../../layout/mod.ts";
import { ociScheme } from "../../places/oci.ts";
import { openNamed, openPlace } from "../../places/open.ts";
import type { Place } from "../../places/scheme.ts";
import { parsePathPlace, recognizePath } from "../../places/schemes.ts";
import { mediaTypes } from "../../spec/media_type.ts";
import type { CommandContext } from "../context.ts";

/** What is at a place, whole; a directory with a layout, or an archive, may be named by its path alone. */
export async function openIndex(from: string, context: CommandContext): Promise<Image | Index> {
  const options = { signal: context.signal, ...await context.clients() };
  const place = parsePathPlace(from) ?? await placeAt(from);
  if (!place) return await openPlace(from, options);
  if (place.scheme === ociScheme && place.name === undefined) return await layoutIndex(place.path!);
  return await openNamed(
    { source: place.source(options), name: place.name },
    `open ${JSON.stringify(from)}`,
    options,
  );
}

/** What is at a path, if there is something. */
async function placeAt(path: string): Promise<Place | undefined> {
  return await stat(path).catch(() => undefined) && await recognizePath(path);
}

/** The same, which must be an index. */
export async function requireIndex(from: string, context: CommandContext): Promise<Index> {
  const root = await openIndex(from, context);
  if (root instanceof Index) return root;
  throw new GantryError("unsupported", `open ${JSON.stringify(from)}: it is an image, not an index`);
}

/** The index.json of a layout, as an index. */
export async function layoutIndex(directory: string): Promise<Image | Index> {
  const path = join(directory, "index.json");
  const document = await readSmall(path, documentLimit);
  if (!document) throw new GantryError("not-found", `read ${path}: no such file`);
  const descriptor = {
    mediaType: mediaTypes.ociIndex,
    digest: await digestBytes(document),
    size: document.byteLength,
  };
  return await openRoot(layout(directory), descriptor, { document });
}
