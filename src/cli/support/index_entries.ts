import { forPlatforms, Image, Index, type IndexEntry, type ManifestMatcher } from "../../image/mod.ts";
import { annotations } from "../../spec/annotations.ts";
import { isDigest } from "../../spec/digest.ts";
import { isConfigType } from "../../spec/media_type.ts";
import { parsePlatform, type Platform } from "../../spec/platform.ts";
import type { CommandContext } from "../context.ts";
import { openIndex } from "./open_index.ts";

/**
 * What an index is to name of what is at these places. Images are for the platform that their config says; with `flatten`,
 * an index is not named itself but all that it names.
 */
export async function entriesAt(
  places: readonly string[],
  flatten: boolean,
  context: CommandContext,
): Promise<IndexEntry[]> {
  const all: IndexEntry[] = [];
  for (const place of places) {
    const root = await openIndex(place, context);
    if (root instanceof Index && flatten) all.push(...await entriesOf(root, context));
    else all.push(await entryOf(root, context));
  }
  return all;
}

/** What an index names. The name that a layout has for it means nothing elsewhere. */
async function entriesOf(index: Index, context: CommandContext): Promise<IndexEntry[]> {
  const entries = await index.entries({ signal: context.signal });
  return await Promise.all(entries.map(async (entry) => {
    const { [annotations.refName]: _, ...notes } = entry.annotations ?? {};
    const found = entry.part instanceof Image && !entry.platform ? await entryOf(entry.part, context) : entry;
    return { ...found, annotations: Object.keys(notes).length > 0 ? notes : undefined };
  }));
}

async function entryOf(root: Image | Index, { signal }: CommandContext): Promise<IndexEntry> {
  if (root instanceof Index) return { part: root };
  const { config, artifactType } = await root.manifest({ signal });
  if (!isConfigType(config.mediaType)) return { part: root, artifactType: artifactType ?? config.mediaType };
  return { part: root, platform: await platformOf(root, signal) };
}

/** The platform of an image, as far as its config says. */
async function platformOf(image: Image, signal: AbortSignal): Promise<Platform | undefined> {
  const config = await image.config({ signal });
  const { architecture, os, variant, "os.version": version, "os.features": features } = config;
  if (architecture === "" && os === "") return undefined;
  return {
    architecture,
    os,
    ...(version && { "os.version": version }),
    ...(features?.length && { "os.features": features }),
    ...(variant && { variant }),
  };
}

/** What a digest or a platform names in an index. */
export function matcherOf(name: string): ManifestMatcher {
  if (!isDigest(name)) return forPlatforms([parsePlatform(name)]);
  return async ({ part }, options) => (part.known?.digest ?? (await part.content(options)).digest) === name;
}
