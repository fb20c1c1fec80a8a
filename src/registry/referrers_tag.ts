import type { Options } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { formatJson } from "../spec/json.ts";
import { type IndexManifest, parseIndex } from "../spec/manifest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { KeyedLock } from "./keyed_lock.ts";
import { putManifest } from "./manifest_put.ts";
import { getManifest } from "./manifest_resolve.ts";
import type { Repository } from "./repository.ts";

/** The tag under which clients keep the list of referrers where a registry does not. */
export function referrersTag(subject: string): string {
  const [algorithm, encoded] = subject.split(":", 2) as [string, string];
  // https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replace(/[^A-Za-z0-9._-]/g, "-");
}

/** Adds a manifest to the list that clients keep. */
export async function addReferrer(
  repository: Repository,
  subject: Digest,
  referrer: Descriptor,
  options: Options,
): Promise<void> {
  await changeReferrersTag(
    repository,
    subject,
    options,
    (manifests) =>
      manifests.some(({ digest }) => digest === referrer.digest) ? undefined : [...manifests, referrer],
  );
}

/** Removes a manifest from the list that clients keep, if there is one. */
export async function removeReferrer(
  repository: Repository,
  subject: Digest,
  referrer: Digest,
  options: Options,
): Promise<void> {
  await changeReferrersTag(repository, subject, options, (manifests) => {
    const left = manifests.filter(({ digest }) => digest !== referrer);
    return left.length < manifests.length ? left : undefined;
  });
}

/**
 * Changes the list. Another client may do so at the same time:
 *
 * 1. Both read the list.
 * 2. The other client writes the list with its change.
 * 3. We write the list with ours, and the other change is lost.
 *
 * Registries that compare ETags refuse step 3. With other registries, each client reads the list again after it has written it,
 * and repeats its change when that is not there.
 */
async function changeReferrersTag(
  repository: Repository,
  subject: Digest,
  { signal }: Options,
  change: (manifests: readonly Descriptor[]) => Descriptor[] | undefined,
): Promise<void> {
  const tag = referrersTag(subject);
  const what = `list a referrer in ${repository.reference(tag)}`;
  const locks = repository.client.locks ??= new KeyedLock();
  await locks.run(what, async () => {
    for (let attempt = 0;; attempt++) {
      const { index, etag, found } = await readReferrersTag(repository, subject, { signal });
      const changed = change(index.manifests);
      if (!changed) return;
      if (attempt === 3) throw new GantryError("conflict", `${what}: others keep changing it`);
      if (index.subject !== undefined) {
        throw new GantryError(
          "invalid-document",
          `${what}: it is an index with a subject, not a list of referrers`,
        );
      }
      const bytes = formatJson({ ...index, manifests: changed });
      const mediaType = mediaTypes.ociIndex;
      const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.byteLength };
      const headers: Record<string, string> = etag
        ? { "if-match": etag }
        : found
        ? {}
        : { "if-none-match": "*" };
      try {
        await putManifest(repository, tag, { bytes, descriptor, headers, signal });
      } catch (error) {
        if (!GantryError.is(error, "conflict")) throw error;
      }
    }
  });
}

/** The list under the tag; an empty one where there is none. */
export async function readReferrersTag(
  repository: Repository,
  subject: Digest,
  options: Options,
): Promise<{ found: boolean; index: IndexManifest; etag: string | null }> {
  const tag = referrersTag(subject);
  try {
    const { document, etag } = await getManifest(repository, tag, options);
    return { found: true, index: parseIndex(document, repository.reference(tag)), etag };
  } catch (error) {
    if (!GantryError.is(error, "not-found")) throw error;
    return {
      found: false,
      index: { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] },
      etag: null,
    };
  }
}
