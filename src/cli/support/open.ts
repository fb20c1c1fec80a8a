import process from "node:process";
import { archive } from "../../archive/mod.ts";
import type { Bytes } from "../../bytes.ts";
import { cached, type Target } from "../../content/mod.ts";
import { Temporary } from "../../disk/temporary.ts";
import { type Image, Index, selectImage } from "../../image/mod.ts";
import { openNamed } from "../../places/open.ts";
import { sourcePlace } from "../../places/place.ts";
import type { SourceOptions } from "../../places/scheme.ts";
import type { CommandContext } from "../context.ts";

/** The image or index at a place. With `--platform`, an index gives its image for that platform. */
export async function openSelected(
  from: string,
  context: CommandContext,
  { cache, ...options }: SourceOptions & { cache?: Target | undefined } = {},
): Promise<Image | Index> {
  const { signal } = context;
  const { source, name } = sourcePlace(from, { ...options, ...await context.clients() });
  const kept = cache ? cached(source, cache) : source;
  return await select(
    await openNamed({ source: kept, name }, `open ${JSON.stringify(from)}`, { signal }),
    context,
  );
}

/** The image at a place: of an index the one for `--platform`, or else for linux/amd64. */
export async function openOne(from: string, context: CommandContext): Promise<Image> {
  return await selectImage(await openSelected(from, context), undefined, { signal: context.signal });
}

/** What is in an archive, by its path, selected in the same way; errors begin with `action`. */
export async function openTarball(
  path: string,
  name: string | undefined,
  action: string,
  context: CommandContext,
): Promise<Image | Index> {
  const root = await openNamed({ source: archive(path), name }, action, { signal: context.signal });
  return await select(root, context);
}

/** What is in an archive that comes from standard input; it is kept in a temporary file meanwhile. */
export async function openStandardInput(
  context: CommandContext,
): Promise<{ root: Image | Index } & AsyncDisposable> {
  const { signal } = context;
  const file = await Temporary.create();
  try {
    const { Readable } = await import("node:stream"); // which takes Bun 10 ms
    await file.add(Readable.toWeb(process.stdin) as ReadableStream<Bytes>, signal);
    const source = archive(file);
    const root = await select(
      await openNamed({ source }, "open the archive from standard input", { signal }),
      context,
    );
    return { root, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** With `--platform`, an index gives its image for that platform. */
export async function select(
  root: Image | Index,
  { platform, signal }: CommandContext,
): Promise<Image | Index> {
  return platform && root instanceof Index ? await root.select(platform, { signal }) : root;
}
