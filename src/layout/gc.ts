import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Options } from "../content/contracts.ts";
import { algorithmOf, algorithms, type Digest, hexOf, isDigest } from "../spec/digest.ts";
import type { Blobs } from "../disk/blob_directory.ts";
import { ifThere } from "../disk/errors.ts";
import { makeDirectory, namesIn } from "../disk/directory.ts";
import type { IndexFile } from "./index_file.ts";
import { markAll } from "../disk/gc_mark.ts";
import { forgetUntagged } from "./untagged.ts";
import type { Store } from "./store.ts";

/** How to collect garbage. */
export interface CollectOptions extends Options {
  /** How many seconds old what is removed must be, at least; 3600 unless told. */
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
  store: Store,
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
  blobs: Blobs,
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
 * Removes a blob, unless somebody has said meanwhile that he builds upon it. He says it first (in his lease's journal,
 * and by touching the file) and looks for the blob then, see `Blobs.claim`; here it is taken away first, and then we
 * look for what he says. So whichever comes first, one of the two sees the other: we put it back, or he finds nothing
 * and writes it again.
 */
export async function takeAway(digest: Digest, blobs: Blobs, before: number): Promise<boolean> {
  const gone = join(trash(blobs), `${algorithmOf(digest)}-${hexOf(digest)}`);
  await mkdir(trash(blobs), { recursive: true });
  await rename(blobs.path(digest), gone);
  const claimed = (await blobs.leases.noted()).has(digest) || (await stat(gone)).mtimeMs >= before;
  await (claimed ? rename(gone, blobs.path(digest)) : rm(gone));
  return !claimed;
}

/** Puts back what a collection has taken away that was killed before it could decide. */
async function restore(blobs: Blobs): Promise<void> {
  for (const name of await namesIn(trash(blobs))) {
    const digest = name.replace("-", ":");
    if (!isDigest(digest)) continue;
    await makeDirectory(join(blobs.directory, algorithmOf(digest)));
    await rename(join(trash(blobs), name), blobs.path(digest));
  }
}

function trash(blobs: Blobs): string {
  return join(blobs.state.directory, "trash");
}

async function sweepTemporary(directory: string, before: number): Promise<void> {
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    const found = await ifThere(stat(path));
    if (found && found.mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}
