import { stat } from "node:fs/promises";
import { join } from "node:path";
import { documentLimit } from "../../content/mod.ts";
import { digestBytes } from "../../digest/mod.ts";
import { readSmall } from "../../disk/files.ts";
import { GantryError } from "../../errors.ts";
import { type Image, Index, openRoot } from "../../image/mod.ts";
import { layout } from "../../layout/mod.ts";
import { openPlace } from "../../places/open.ts";
import { parsePathPlace, recognizePath } from "../../places/schemes.ts";
import { mediaTypes } from "../../spec/media_type.ts";
import type { CommandContext } from "../context.ts";

/** What is at a place, whole; a directory with a layout, or an archive, may be named by its path alone. */
export async function openIndex(from: string, context: CommandContext): Promise<Image | Index> {
  const named = parsePathPlace(from);
  const directory = named?.scheme.prefixes.includes("oci:") && named.name === undefined
    ? named.path
    : undefined;
  if (directory !== undefined) return await layoutIndex(directory);
  if (!named && await stat(from).catch(() => undefined)) {
    const found = await recognizePath(from);
    if (found?.scheme.prefixes.includes("oci:")) return await layoutIndex(from);
    if (found) return await openPlace(`${found.scheme.prefixes[0]}${from}`, { signal: context.signal });
  }
  return await openPlace(from, { signal: context.signal, registry: await context.registries() });
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
