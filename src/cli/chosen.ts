import { type Image, Index } from "../image/mod.ts";
import { openPlace } from "../places.ts";
import type { Cli } from "./cli.ts";

/** The image or index at a place; of an index the image for the platform that was asked for, if any was. */
export async function openChosen(from: string, cli: Cli): Promise<Image | Index> {
  const { signal, registry, platform } = cli;
  const root = await openPlace(from, { signal, registry });
  return platform && root instanceof Index ? await root.select(platform, { signal }) : root;
}
