import { type Collected, restoreBlobs, sweepBlobs } from "../disk/gc_sweep.ts";
import { join } from "node:path";
import type { Options } from "../content/contracts.ts";
import { namesIn } from "../disk/directory.ts";
import type { IndexFile } from "./index_file.ts";
import { markAll } from "../disk/gc_mark.ts";
import { sweepTemporary } from "../disk/temporary_sweep.ts";
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
      await restoreBlobs(blobs);
      const listings = [];
      for (const index of await indexes()) listings.push(await index.read());
      if (untagged) {
        for (const listing of listings) await forgetUntagged(listing, blobs, documents, before);
      }
      const kept = await markAll(listings.flatMap(({ entries }) => entries), blobs, signal);
      return await sweepBlobs(blobs, kept, before, signal);
    }, { signal });
  } finally {
    if ((await namesIn(join(state.directory, "ingest"))).length > 0) await state.keepRoom();
  }
}

/** A file may be about to be linked, a session about to be locked, in milliseconds after it was made. */
const newborn = 2_000;
