import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import { isDocumentType } from "../spec/media_type.ts";
import { referrerLabel } from "./children_labels.ts";
import { subjectOf } from "./manifest_records.ts";
import { isNeededIn, markNamespace } from "./mark.ts";
import { type Change, listAll } from "./metadata.ts";
import type { Namespace, Shared } from "./namespace.ts";
import { type ContentValue, imageOf, valueOf } from "./records.ts";

/**
 * Removes a manifest with all its names in a repository, or a blob. What an image elsewhere needs stays, without those
 * names; its bytes go when no namespace has them any longer.
 *
 * @throws {GantryError} `conflict` when it has no names here and is needed.
 */
export async function removeContent(
  namespace: Namespace,
  repository: string,
  digest: Digest,
  options: Options,
): Promise<void> {
  const { shared, buckets } = namespace;
  const stays = await namespace.change(async () => {
    const changes = await namesOf(namespace, repository, digest, options);
    const without = { images: new Set(changes.map(({ key }) => key)), referrer: digest };
    const { content, kept } = await markNamespace(namespace, { ...options, without });
    const record = content.get(digest);
    const needed = kept.has(digest);
    if (needed && changes.length === 0) {
      throw new GantryError("conflict", `${namespace.where(`delete ${digest}`)}: something needs it`);
    }
    if (record && !needed) {
      changes.push({ bucket: buckets.content, key: digest, value: null, expect: record.version });
      changes.push(...await referrerChanges(namespace, digest, options));
    }
    return { changes, result: needed };
  }, options);
  if (!stays) await removeUnneeded(shared, digest, options);
}

/** Removes a blob's bytes, unless a namespace has a record of it or somebody is about to refer to it. */
export async function removeUnneeded(shared: Shared, digest: Digest, options: Options): Promise<void> {
  await shared.blobs.remove(digest, isNeededIn(shared), options);
}

/** The changes that take away all names of a manifest in a repository. */
async function namesOf(
  { shared, buckets }: Namespace,
  repository: string,
  digest: Digest,
  { signal }: Options,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const prefix of [`${repository}:`, `${repository}@`]) {
    for await (const entry of listAll(shared.metadata, buckets.images, { prefix, signal })) {
      if (imageOf(entry).target.digest !== digest) continue;
      changes.push({ bucket: buckets.images, key: entry.key, value: null, expect: entry.version });
    }
  }
  return changes;
}

/** The changes by which what a manifest is about no longer lists it. */
async function referrerChanges(
  { shared, buckets }: Namespace,
  digest: Digest,
  options: Options,
): Promise<Change[]> {
  const entry = await shared.metadata.get(buckets.content, digest, options);
  const { mediaType = "", size } = entry ? valueOf<ContentValue>(entry) : { size: 0 };
  if (!isDocumentType(mediaType) || !await shared.blobs.facts(digest)) return [];
  const subject = subjectOf(await shared.blobs.read({ digest, size }, options), mediaType);
  if (!subject) return [];
  const changes: Change[] = [{ bucket: buckets.referrers, key: `${subject}/${digest}`, value: null }];
  const about = await shared.metadata.get(buckets.content, subject, options);
  if (!about) return changes;
  const value = valueOf<ContentValue>(about);
  for (const key of Object.keys(referrerLabel({ digest }))) delete value.labels[key];
  changes.push({
    bucket: buckets.content,
    key: subject,
    value: JSON.stringify(value),
    expect: about.version,
  });
  return changes;
}
