import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { ageOf, readSmall } from "./documents.ts";
import { Marks } from "./marks.ts";
import type { Store } from "./store.ts";

/** What is done one after the other. */
export const phases = ["uploads", "mark", "links", "blobs"] as const;

/** One of them. */
export type Phase = typeof phases[number];

/** How far a collection has come. */
export interface Progress {
  /** Names it. */
  readonly id: string;
  /** Which of the phases. */
  phase: number;
  /** Where the next page begins. */
  cursor: string | undefined;
  /** When it began, by the bucket's clock; undefined where there was no blob, before it has seen that. */
  began: number | undefined;
  /** What something refers to. */
  readonly marks: Marks;
}

/** Bytes of the marks: ten million of them make it take one word in five hundred for marked that is not. */
const marksSize = 16 * 1024 * 1024;

/** Begins a collection. What others have left that were never gone on with is removed. */
export async function newProgress(store: Store, { signal }: Options): Promise<Progress> {
  const { objects } = await store.bucket.list({ prefix: store.keys.collections, signal });
  for (const facts of objects) {
    if (ageOf(facts) > store.expiry) await store.bucket.delete(facts.key, { signal });
  }
  const [salt] = crypto.getRandomValues(new Int32Array(1));
  const marks = new Marks(marksSize, salt!);
  // Before anything is listed: a list may tell what time it is long after it has looked at what it lists.
  const { objects: [first] } = await store.bucket.list({ prefix: store.keys.records, limit: 1, signal });
  return { id: crypto.randomUUID(), phase: 0, cursor: undefined, began: first?.now.getTime(), marks };
}

/**
 * Goes on with a collection.
 *
 * @throws {GantryError} `not-found` for one that is done, or was given up.
 */
export async function loadProgress(store: Store, cursor: string, { signal }: Options): Promise<Progress> {
  const what = "go on with collecting garbage";
  const { id, salt, ...rest } = parseCursor(cursor, what);
  const key = store.keys.collections + id;
  const found = await readSmall(store.bucket, key, { limit: marksSize, signal });
  if (!found) throw new GantryError("not-found", `${what} in ${store.bucket.name}: that run is over`);
  return { ...rest, id, marks: new Marks(found.bytes, salt) };
}

/** Keeps what another process needs to go on, and gives the word for it; nothing once it is done. */
export async function saveProgress(
  store: Store,
  { id, phase, cursor, began, marks }: Progress,
  done: boolean,
  { signal }: Options,
): Promise<string | undefined> {
  const key = store.keys.collections + id;
  if (done) return void await store.bucket.delete(key, { signal });
  await store.bucket.put(key, marks.bytes, { signal });
  return btoa(JSON.stringify({ id, phase, cursor, began, salt: marks.salt }));
}

function parseCursor(text: string, what: string): Omit<Progress, "marks"> & { salt: number } {
  try {
    const { id, phase, cursor, began, salt } = JSON.parse(atob(text));
    if (/^[0-9a-f-]{36}$/.test(id) && Number.isInteger(phase) && Number.isInteger(salt)) {
      return { id, phase, cursor, began, salt };
    }
  } catch {
    // not base64, or not JSON
  }
  throw new GantryError("invalid-name", `${what}: ${JSON.stringify(text)} is no cursor`);
}
