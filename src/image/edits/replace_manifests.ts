import type { Options, Part } from "../../content/contracts.ts";
import { GantryError } from "../../errors.ts";
import { Index } from "../index.ts";
import type { IndexEntry } from "../index_body.ts";
import type { EditedIndexEntry, IndexEdit } from "../index_edit.ts";
import type { ManifestMatcher } from "../manifest_matcher.ts";
import { replacedEntry } from "../replaced_entry.ts";

/**
 * Puts others in the place of some manifests of an index, and of the indexes in it. What the index says of them besides,
 * platform and annotations, stays.
 *
 * @param matches Which ones.
 * @param part What takes their place, or a function that makes it from what was there.
 * @throws {GantryError} When the new index is asked for anything: `not-found` when none matches.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex, replaceManifests } from "@gantry/oci/image";
 *
 * const platform = { os: "linux", architecture: "amd64" };
 * const index = emptyIndex().edit(addManifest(emptyImage(), { platform }));
 * const edited = index.edit(replaceManifests(() => true, emptyImage().configure({ cmd: ["/app"] })));
 * console.log((await (await edited.select(platform)).config()).config?.Cmd); // [ "/app" ]
 * ```
 */
export function replaceManifests(
  matches: ManifestMatcher,
  part: Part | ((entry: IndexEntry) => Part),
): IndexEdit {
  const partFor = typeof part === "function" ? part : () => part;
  return {
    async entries(entries, options) {
      const changed = await replacedIn(entries, matches, partFor, options);
      if (changed.some((entry, i) => entry !== entries[i])) return changed;
      throw new GantryError("not-found", "replace manifests: the index has no such one");
    },
  };
}

async function replacedIn(
  entries: readonly EditedIndexEntry[],
  matches: ManifestMatcher,
  partFor: (entry: IndexEntry) => Part,
  options: Options,
): Promise<EditedIndexEntry[]> {
  return await Promise.all(entries.map(async (entry) => {
    if (await matches(entry, options)) return replacedEntry(entry, partFor(entry));
    if (!(entry.part instanceof Index)) return entry;
    const inside = (await entry.part.entries(options)).map((entry, index) => ({ ...entry, index }));
    const changed = await replacedIn(inside, matches, partFor, options);
    if (changed.every((inner, i) => inner === inside[i])) return entry;
    return replacedEntry(entry, entry.part.edit({ entries: () => changed }));
  }));
}
