/**
 * Removing what others may put anew at the same time. Many buckets do not compare before they remove, and would remove
 * what was put anew meanwhile. So it is said first, by comparing and setting, that an object is about to be removed, and
 * that is done soon or not at all; who puts it anew looks first, and waits.
 */

import type { Options } from "../content/contracts.ts";
import type { ObjectFacts } from "./bucket.ts";
import { ageOf } from "./documents.ts";
import type { Store } from "./store.ts";

/** How long who waits for a removal lets go by before the next look, in milliseconds. */
const pause = 50;

/** Milliseconds in which an object is removed after that was said, or else left. */
function removalTime({ grace }: Store): number {
  return Math.min(grace / 2, 30_000);
}

/** What of that a request may be on its way from here; the rest is for a server that is busy and does it late. */
const onTheWay = 1 / 5;

/** Removes what was said to be about to go after our clock stood at `begun`; leaves it where that takes too long. */
export async function removeSoon(
  store: Store,
  begun: number,
  remove: (options: Options) => Promise<void>,
  { signal }: Options = {},
): Promise<void> {
  const left = removalTime(store) * onTheWay - (store.clock() - begun);
  if (left <= 0) return;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), left);
  try {
    await remove({ signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal });
  } catch (error) {
    if (!late.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether somebody may still remove what was said to be about to go; later it is left as it is. */
export function mayGo(store: Store, facts: ObjectFacts): boolean {
  // Buckets tell whole seconds only.
  return ageOf(facts) <= removalTime(store) + 1000;
}

/** Reads what is to be put anew, once nobody is about to remove it. */
export async function readLasting<T extends { readonly facts: ObjectFacts; readonly isLeaving: boolean }>(
  store: Store,
  read: () => Promise<T | undefined>,
  { signal }: Options = {},
): Promise<T | undefined> {
  for (;;) {
    const found = await read();
    if (!found?.isLeaving || !mayGo(store, found.facts)) return found;
    await new Promise((resolve) => setTimeout(resolve, pause));
    signal?.throwIfAborted();
  }
}
