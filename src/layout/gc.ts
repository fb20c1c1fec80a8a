import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Options } from "../content/contracts.ts";
import { algorithmOf, algorithms, type Digest, hexOf, isDigest } from "../spec/digest.ts";
import type { BlobDirectory } from "../disk/blob_directory.ts";
import { ifThere } from "../disk/errors.ts";
import { makeDirectory, namesIn } from "../disk/directory.ts";
import type { IndexFile } from "./index_file.ts";
import { markAll } from "../disk/gc_mark.ts";
import { forgetUntagged } from "./untagged.ts";
import type { LayoutBlobs } from "./layout_blobs.ts";

/** How to collect garbage. */
export interface CollectOptions extends Options {
  /** How many seconds old what is removed must be, at least. Default: 3600. */
  grace?: number | undefined;
  /**
   * Forgets the manifests without a name too, if they are old enough: what names have moved away from. Those whose
   * subject stays stay with it.
   */
  untagged?: boolean | undefined;
}

/** What was collected. */
export interface Collected {
  /** The blobs that are gone. */
  removed: Digest[];
  /** How many bytes they had. */
  bytes: number;
}

/** Removes what no index.json leads to, nobody is writing and nobody has touched of late. */
export async function collect(
  store: LayoutBlobs,
  indexes: () => Promise<IndexFile[]>,
  options: CollectOptions,
): Promise<Collected> {
  const { grace = 3600, untagged, signal } = options;
  const { state, blobs, sessions, documents } = store;
  const before = Date.now() - grace * 1000;
  // Without the lock: a full disk has no room for it.
  const unused = Math.min(before, Date.now() - newborn);
  await sweepTemporary(join(state.directory, "tmp"), unused);
  await sessions.sweep(unused);
  await blobs.leases.sweep();
  await state.useRoom();
  try {
    // With the lock nobody names what is being removed: a name comes before, or finds nothing to name.
    return await state.locked(async () => {
      await restore(blobs);
      const listings = [];
      for (const index of await indexes()) listings.push(await index.read());
      if (untagged) {
        for (const listing of listings) await forgetUntagged(listing, blobs, documents, before);
      }
      const kept = await markAll(listings.flatMap(({ entries }) => entries), blobs, signal);
      return await sweep(blobs, kept, before, signal);
    }, { signal });
  } finally {
    await state.keepRoom();
  }
}

/** A file may be about to be linked, a session about to be locked, in milliseconds after it was made. */
const newborn = 2_000;

async function sweep(
  blobs: BlobDirectory,
  kept: ReadonlySet<Digest>,
  before: number,
  signal: AbortSignal | undefined,
): Promise<Collected> {
  const collected: Collected = { removed: [], bytes: 0 };
  const leased = await blobs.leases.noted();
  for (const algorithm of algorithms) {
    for (const hex of await namesIn(join(blobs.directory, algorithm))) {
      signal?.throwIfAborted();
      const digest = `${algorithm}:${hex}` as const;
      if (!isDigest(digest) || kept.has(digest) || leased.has(digest)) continue;
      const found = await ifThere(stat(blobs.path(digest)));
      if (!found?.isFile() || found.mtimeMs >= before || !await takeAway(digest, blobs, before)) continue;
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
 * writer finds nothing and writes the blob again.
 */
export async function takeAway(digest: Digest, blobs: BlobDirectory, before: number): Promise<boolean> {
  const gone = join(trash(blobs), `${algorithmOf(digest)}-${hexOf(digest)}`);
  await mkdir(trash(blobs), { recursive: true });
  await rename(blobs.path(digest), gone);
  const claimed = (await blobs.leases.noted()).has(digest) || (await stat(gone)).mtimeMs >= before;
  await (claimed ? rename(gone, blobs.path(digest)) : rm(gone));
  return !claimed;
}

/** Puts back what a collection has taken away that was killed before it could decide. */
async function restore(blobs: BlobDirectory): Promise<void> {
  for (const name of await namesIn(trash(blobs))) {
    const digest = name.replace("-", ":");
    if (!isDigest(digest)) continue;
    await makeDirectory(join(blobs.directory, algorithmOf(digest)));
    await rename(join(trash(blobs), name), blobs.path(digest));
  }
}

function trash(blobs: BlobDirectory): string {
  return join(blobs.state.directory, "trash");
}

async function sweepTemporary(directory: string, before: number): Promise<void> {
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    const found = await ifThere(stat(path));
    if (found && found.mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}
