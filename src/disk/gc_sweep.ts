import { mkdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { algorithms, type Digest, isDigest } from "../spec/digest.ts";
import type { BlobDirectory } from "./blob_directory.ts";
import { namesIn } from "./directory.ts";
import { ifThere } from "./errors.ts";
import { factsOf } from "./files.ts";

/** What was collected. */
export interface Collected {
  /** The blobs that are gone. */
  removed: Digest[];
  /** How many bytes they had. */
  bytes: number;
}

/** Whether something has come to need a blob since garbage was looked for. */
export type IsNeeded = (digest: Digest) => Promise<boolean>;

/**
 * Removes the blobs that are not to be kept, that no lease names, and that nobody has touched since `before`, in
 * milliseconds since 1970. `isNeeded` is asked last; where what refers to blobs is locked, nothing need be asked.
 */
export async function sweepBlobs(
  blobs: BlobDirectory,
  kept: ReadonlySet<Digest>,
  before: number,
  signal: AbortSignal | undefined,
  isNeeded?: IsNeeded,
): Promise<Collected> {
  const collected: Collected = { removed: [], bytes: 0 };
  const leased = await blobs.leases.noted();
  for (const algorithm of algorithms) {
    for (const hex of await namesIn(join(blobs.directory, algorithm))) {
      signal?.throwIfAborted();
      const digest = `${algorithm}:${hex}` as const;
      if (!isDigest(digest) || kept.has(digest) || leased.has(digest)) continue;
      const found = await ifThere(stat(blobs.path(digest)));
      if (!found?.isFile() || found.mtimeMs >= before) continue;
      if (!await takeAway(digest, blobs, before, isNeeded)) continue;
      collected.removed.push(digest);
      collected.bytes += found.size;
    }
  }
  return collected;
}

/**
 * Removes a blob, unless a writer builds upon it meanwhile. Of the two, each first acts and then looks:
 *
 * 1. The writer notes the digest in its lease and touches the file, then looks whether the blob is there
 *    (`BlobDirectory.claim`).
 * 2. The collector renames the blob away, then looks for a note or a new time of change.
 *
 * Whichever acts first, one of them sees the other: either the collector finds the claim and puts the blob back, or the
 * writer does so, or finds nothing and writes the blob again.
 *
 * A writer that gives up its note has said before that the blob is needed, so `isNeeded` is asked after the notes.
 */
export async function takeAway(
  digest: Digest,
  blobs: BlobDirectory,
  before: number,
  isNeeded: IsNeeded = () => Promise.resolve(false),
): Promise<boolean> {
  const gone = blobs.trashPath(digest);
  for (let tries = 1;; tries++) {
    await mkdir(trash(blobs), { recursive: true });
    if (await ifThere(rename(blobs.path(digest), gone).then(() => true))) break;
    // Another process may remove the directory while it is empty, at any moment.
    if (tries > 20 || !await blobs.facts(digest)) return false;
  }
  const isClaimed = async () =>
    (await blobs.leases.noted()).has(digest) || ((await factsOf(gone))?.changed ?? Infinity) >= before ||
    await isNeeded(digest);
  // Not `rm`: Node's looks first, and says nothing when the writer puts the blob back before it removes.
  if (!await isClaimed()) return await ifThere(unlink(gone).then(() => true)) ?? false;
  await blobs.putBack(digest);
  return false;
}

/** Puts back what a collection has taken away that was killed before it could decide. */
export async function restoreBlobs(blobs: BlobDirectory): Promise<void> {
  for (const name of await namesIn(trash(blobs))) {
    const digest = name.replace("-", ":");
    if (!isDigest(digest)) continue;
    await blobs.putBack(digest);
  }
}

function trash(blobs: BlobDirectory): string {
  return join(blobs.state.directory, "trash");
}
