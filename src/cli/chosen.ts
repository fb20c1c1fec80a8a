import { type Archive, archive } from "../archive/mod.ts";
import { type Image, Index, openRoot } from "../image/mod.ts";
import { onlyRoot, openPlace } from "../places.ts";
import type { Cli } from "./cli.ts";

/** The image or index at a place; of an index the image for the platform that was asked for, if any was. */
export async function openChosen(from: string, cli: Cli): Promise<Image | Index> {
  const { signal, registry } = cli;
  return await choose(await openPlace(from, { signal, registry }), cli);
}

/** The same of a file, whose path may be any; `what` is done with it. */
export async function openTarball(
  file: string,
  name: string | undefined,
  what: string,
  cli: Cli,
): Promise<Image | Index> {
  const { signal } = cli;
  const source: Archive = archive(file);
  return await choose(await openRoot(source, name ?? await onlyRoot(source, what, signal), { signal }), cli);
}

async function choose(root: Image | Index, { platform, signal }: Cli): Promise<Image | Index> {
  return platform && root instanceof Index ? await root.select(platform, { signal }) : root;
}
