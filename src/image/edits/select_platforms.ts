import type { Options, Part } from "../../content/contracts.ts";
import { annotations } from "../../spec/annotations.ts";
import type { Platform } from "../../spec/platform.ts";
import { Image } from "../image.ts";
import { Index } from "../index.ts";
import type { IndexEntry } from "../index_body.ts";
import type { IndexEdit } from "../index_edit.ts";
import { forPlatforms, type ManifestMatcher } from "../manifest_matcher.ts";
import { filterManifests } from "./remove_manifests.ts";

/**
 * Keeps the images of an index that are for some platforms, and what BuildKit attests of them, and takes out all others.
 *
 * @throws {GantryError} When the new index is asked for anything: `not-found` when nothing is left.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex, selectPlatforms } from "@gantry/oci/image";
 *
 * const platform = { os: "linux", architecture: "arm64" };
 * const index = emptyIndex().edit(addManifest(emptyImage())).edit(addManifest(emptyImage(platform), { platform }));
 * const edited = index.edit(selectPlatforms([platform]));
 * console.log((await edited.children()).length); // 1
 * ```
 */
export function selectPlatforms(platforms: readonly Platform[]): IndexEdit {
  return {
    async entries(entries, options) {
      const matches = await matcherFor(entries, platforms, options);
      return await filterManifests(matches).entries!(entries, options);
    },
  };
}

/**
 * An index as it is, to be copied with only those of its images that are for some platforms, and what BuildKit attests of
 * them. Registries may refuse it for what is missing.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex, sparse } from "@gantry/oci/image";
 *
 * const platform = { os: "linux", architecture: "arm64" };
 * const index = emptyIndex().edit(addManifest(emptyImage())).edit(addManifest(emptyImage(platform), { platform }));
 * console.log((await sparse(index, [platform]).children()).length); // 1
 * ```
 */
export function sparse(index: Index, platforms: readonly Platform[]): Part {
  return sparsePart(
    index,
    async (options) => await matcherFor(await index.entries(options), platforms, options),
  );
}

function sparsePart(index: Index, matcher: (options: Options) => Promise<ManifestMatcher>): Part {
  return {
    role: index.role,
    known: index.known,
    origins: () => index.origins(),
    content: (options) => index.content(options),
    async children(options = {}) {
      const matches = await matcher(options);
      const parts: Part[] = [];
      for (const entry of await index.entries(options)) {
        if (await matches(entry, options)) parts.push(entry.part);
        else if (entry.part instanceof Index) {
          parts.push(sparsePart(entry.part, () => Promise.resolve(matches)));
        }
      }
      return parts;
    },
  };
}

/** Matches the images for the platforms in an index, and in those in it, and what attests of them. */
async function matcherFor(
  entries: readonly IndexEntry[],
  platforms: readonly Platform[],
  options: Options,
): Promise<ManifestMatcher> {
  const isWanted = forPlatforms(platforms);
  const digests = new Set<string>();
  const look = async (entries: readonly IndexEntry[]): Promise<void> => {
    for (const entry of entries) {
      if (entry.part instanceof Index) await look(await entry.part.entries(options));
      else if (entry.part instanceof Image && await isWanted(entry, options)) {
        digests.add(await entry.part.digest(options));
      }
    }
  };
  await look(entries);
  return (entry, options) =>
    isWanted(entry, options) || digests.has(entry.annotations?.[annotations.attestationDigest] ?? "");
}
