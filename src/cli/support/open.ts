import { archive } from "../../archive/mod.ts";
import { type Image, Index } from "../../image/mod.ts";
import { openNamed, openPlace } from "../../places/open.ts";
import type { CommandContext } from "../context.ts";

/** The image or index at a place. With `--platform`, an index gives its image for that platform. */
export async function openSelected(from: string, context: CommandContext): Promise<Image | Index> {
  const root = await openPlace(from, { signal: context.signal, ...await context.clients() });
  return await select(root, context);
}

/** The same for an archive, by its path; errors begin with `action`. */
export async function openTarball(
  path: string,
  name: string | undefined,
  action: string,
  context: CommandContext,
): Promise<Image | Index> {
  const root = await openNamed({ source: archive(path), name }, action, { signal: context.signal });
  return await select(root, context);
}

/** With `--platform`, an index gives its image for that platform. */
export async function select(
  root: Image | Index,
  { platform, signal }: CommandContext,
): Promise<Image | Index> {
  return platform && root instanceof Index ? await root.select(platform, { signal }) : root;
}
