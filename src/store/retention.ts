import { imageFields } from "./filter/fields.ts";
import { anyFilter, type FilterInput } from "./filter/filter.ts";
import type { StoredImage } from "./records.ts";
import { repositoryOf } from "./repositories.ts";

/** Which images are no longer wanted: those for which all that is said here is true. */
export interface RetentionRule {
  /** Those that one of the filters matches. Default: all. */
  readonly filter?: FilterInput | undefined;
  /** Those that are not among the last so many of their repository, of all that the filter matches. Default: any. */
  readonly keepLast?: number | undefined;
  /** Those that have not been changed for so many seconds. Default: any. */
  readonly olderThan?: number | undefined;
}

/**
 * The images that one of the rules says are no longer wanted, in their order. A rule that says nothing keeps everything.
 *
 * @param now The time to count from. Default: now.
 * @throws {GantryError} `invalid-argument` for a filter that is none.
 *
 * @example
 * ```ts
 * import { outdated, store } from "@gantry/oci/store";
 *
 * await using there = store(await Deno.makeTempDir());
 * const images = await Array.fromAsync(there.images.list());
 * for (const { name, target } of outdated(images, [{ filter: "name~=nightly", keepLast: 7 }])) {
 *   await there.images.delete(name, { target });
 * }
 * ```
 */
export function outdated(
  images: readonly StoredImage[],
  rules: readonly RetentionRule[],
  now: Date = new Date(),
): StoredImage[] {
  const gone = new Set<StoredImage>();
  for (const { filter = [], keepLast, olderThan } of rules) {
    if (keepLast === undefined && olderThan === undefined) continue;
    const matched = images.filter(anyFilter(filter, imageFields));
    const kept = keepLast === undefined ? new Set() : lastOf(matched, keepLast);
    for (const image of matched) {
      const age = (now.getTime() - image.updatedAt.getTime()) / 1000;
      if (!kept.has(image) && age >= (olderThan ?? 0)) gone.add(image);
    }
  }
  return images.filter((image) => gone.has(image));
}

/** The last so many images of each repository. */
function lastOf(images: readonly StoredImage[], count: number): Set<StoredImage> {
  const byRepository = new Map<string, StoredImage[]>();
  for (const image of images) {
    const repository = repositoryOf(image.name) ?? image.name;
    const others = byRepository.get(repository);
    if (others) others.push(image);
    else byRepository.set(repository, [image]);
  }
  const last = [...byRepository.values()].flatMap((all) =>
    all.toSorted((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime()).slice(0, count)
  );
  return new Set(last);
}
