import { GantryError } from "../../errors.ts";
import { Index } from "../index.ts";
import type { EditedIndexEntry, IndexEdit } from "../index_edit.ts";
import type { ManifestMatcher } from "../manifest_matcher.ts";
import { replacedEntry } from "../replaced_entry.ts";
import type { Options } from "../../content/contracts.ts";

/**
 * Takes manifests out of an index, and of the indexes in it; an index in it that has nothing left goes too. The others
 * keep their order and their descriptors.
 *
 * @param matches Which ones.
 * @throws {GantryError} When the new index is asked for anything: `not-found` when none matches, or nothing is left.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex, removeManifests } from "@gantry/oci/image";
 *
 * const index = emptyIndex().edit(addManifest(emptyImage(), { artifactType: "application/vnd.old" }))
 *   .edit(addManifest(emptyIndex()));
 * const edited = index.edit(removeManifests((entry) => entry.artifactType !== undefined));
 * console.log((await edited.children()).length); // 1
 * ```
 */
export function removeManifests(matches: ManifestMatcher): IndexEdit {
  return {
    async entries(entries, options) {
      const left = await keptOf(entries, { stays: async (entry) => !await matches(entry, options), options });
      if (isSame(left, entries)) {
        throw new GantryError("not-found", "remove manifests: the index has no such one");
      }
      return someOf(left, entries, "remove manifests");
    },
  };
}

/**
 * Keeps some manifests of an index, and of the indexes in it, and takes out all others.
 *
 * @param matches Which ones to keep; an index that matches is kept whole.
 * @throws {GantryError} When the new index is asked for anything: `not-found` when nothing is left.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex, filterManifests, forPlatforms } from "@gantry/oci/image";
 *
 * const platform = { os: "linux", architecture: "arm64" };
 * const index = emptyIndex().edit(addManifest(emptyImage())).edit(addManifest(emptyImage(platform), { platform }));
 * const edited = index.edit(filterManifests(forPlatforms([platform])));
 * console.log((await edited.children()).length); // 1
 * ```
 */
export function filterManifests(matches: ManifestMatcher): IndexEdit {
  return {
    async entries(entries, options) {
      const left = await keptOf(entries, {
        stays: (entry) => matches(entry, options),
        filters: true,
        options,
      });
      return someOf(left, entries, "filter index");
    },
  };
}

interface Keeping {
  stays(entry: EditedIndexEntry): boolean | Promise<boolean>;
  /** What is in an index decides for it, unless the index itself stays. Default: it goes with all that is in it. */
  filters?: boolean;
  options: Options;
}

async function keptOf(entries: readonly EditedIndexEntry[], keeping: Keeping): Promise<EditedIndexEntry[]> {
  const left: EditedIndexEntry[] = [];
  for (const entry of entries) {
    const stays = await keeping.stays(entry);
    if (entry.part instanceof Index && stays !== (keeping.filters ?? false)) {
      const inside = await keptIn(entry.part, keeping);
      if (inside) left.push(inside === entry.part ? entry : replacedEntry(entry, inside));
    } else if (stays) left.push(entry);
  }
  return left;
}

/** What stays of an index; nothing where nothing does. */
async function keptIn(index: Index, keeping: Keeping): Promise<Index | undefined> {
  const entries = (await index.entries(keeping.options)).map((entry, i) => ({ ...entry, index: i }));
  const left = await keptOf(entries, keeping);
  if (isSame(left, entries)) return index;
  return left.length > 0 ? index.edit({ entries: () => left }) : undefined;
}

function isSame(left: readonly EditedIndexEntry[], entries: readonly EditedIndexEntry[]): boolean {
  return left.length === entries.length && left.every((entry, i) => entry === entries[i]);
}

function someOf<T>(left: T[], entries: readonly unknown[], action: string): T[] {
  if (left.length > 0) return left;
  throw new GantryError("not-found", `${action}: nothing is left of ${entries.length} manifests`);
}
