import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { algorithms } from "../spec/digest.ts";
import { type BlobRecords, blobRecords } from "./blob_records.ts";
import { ageOf } from "./documents.ts";
import { digestObject } from "./object_ingest.ts";
import { readAnySession, sessionBytes } from "./session.ts";
import type { Store } from "./store.ts";

/** Gives an upload up that nobody has gone on with, and tells whether that was so. */
export async function giveUp(
  store: Store,
  key: string,
  options: Options,
  records: BlobRecords = blobRecords(store),
): Promise<boolean> {
  const { bucket, keys } = store;
  const found = await readAnySession(store, key, options);
  if (!found || ageOf(found) < store.expiry) return false;
  const { session, tail, etag } = found;
  try {
    // Whoever has had it open all the time keeps it before going on, which fails from here on; nobody else opens it.
    const givenUp = sessionBytes({ ...session, givenUp: true }, [tail]);
    const taken = await bucket.put(key, givenUp, { ...options, expect: etag });
    if (session.multipart !== undefined) {
      await bucket.abortMultipart({ key: keys.data(session.data), id: session.multipart }, options);
    }
    if (!await isRecorded(store, records, session.data, options)) {
      await bucket.delete(keys.data(session.data), options);
    }
    await bucket.delete(key, { ...options, expect: taken });
    return true;
  } catch (error) {
    if (!GantryError.is(error, "conflict")) throw error;
    return false;
  }
}

/** Whether an object is where a blob's bytes are: who made it was killed before its session was removed. */
async function isRecorded(
  store: Store,
  records: BlobRecords,
  data: string,
  options: Options,
): Promise<boolean> {
  for (const algorithm of algorithms) {
    const digest = await digestObject(store, store.keys.data(data), algorithm, options);
    if (digest === undefined) return true; // there is nothing to be removed
    if ((await records.find(digest, options))?.data === data) return true;
  }
  return false;
}
