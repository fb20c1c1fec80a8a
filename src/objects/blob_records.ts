import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import type { ObjectFacts } from "./bucket.ts";
import { ageOf, compareAndSet, jsonBytes, readJson, unlessConflict } from "./documents.ts";
import { readLasting } from "./removal.ts";
import type { Store } from "./store.ts";

/** Where the bytes of a blob are. */
export interface Location {
  /** The object that holds them. */
  readonly data: string;
  /** How many there are. */
  readonly size: number;
}

/** A record or a link, as it was found. */
export interface FoundLocation {
  readonly facts: ObjectFacts;
  /** Undefined once garbage collection has condemned it: whoever wants the blob has to bring it anew. */
  readonly location: Location | undefined;
  /** What has to be removed with a condemned record. */
  readonly data: string;
  /** Whether garbage collection said that it is about to remove it, condemned as it is. */
  readonly isLeaving: boolean;
}

/** Where it is written down which object a blob's bytes are in. */
export interface BlobRecords {
  /** Where a blob is, if the bucket has it, spared by garbage collection for a while. */
  claim(digest: Digest, options?: Options): Promise<Location | undefined>;
  /**
   * Writes down where it is, unless that is written down already: then that is where it is. Gives nothing where garbage
   * collection is removing, or has removed, the very object: who made it anew has to take another.
   */
  record(digest: Digest, location: Location, options?: Options): Promise<Location | undefined>;
  /** Takes back that it is there, unless somebody has written down another place by now. */
  withdraw(digest: Digest, location: Location, options?: Options): Promise<void>;
  /** Where a blob is, if the bucket has it. */
  find(digest: Digest, options?: Options): Promise<Location | undefined>;
}

/** Reads a record or a link. */
export async function readLocation(
  { bucket }: Store,
  key: string,
  options: Options = {},
): Promise<FoundLocation | undefined> {
  const found = await readJson(bucket, key, options);
  if (!found) return undefined;
  const { data, size, condemned, leaving } = found.value;
  const right = typeof data === "string" && /^[0-9a-f-]{36}$/.test(data) && Number.isSafeInteger(size);
  if (!right) throw new GantryError("invalid-document", `read ${key} in ${bucket.name}: it is not ours`);
  const location = condemned === true ? undefined : { data, size: size as number };
  return { facts: found.facts, location, data, isLeaving: leaving === true };
}

/** Puts a record or a link. It is never the same twice, so that whoever compares sees that it was put anew. */
export function putLocation(
  { bucket }: Store,
  key: string,
  { data, size }: Location,
  options: Options & { expect?: string | null | undefined; state?: "condemned" | "leaving" } = {},
): Promise<string> {
  const { state, ...rest } = options;
  const states = { ...(state && { condemned: true }), ...(state === "leaving" && { leaving: true }) };
  const value = { data, size, ...states, put: crypto.randomUUID() };
  return bucket.put(key, jsonBytes(value), rest);
}

/**
 * Whether garbage collection spares something long enough to refer to it now. It condemns only what was older than the
 * grace when it began, so what is younger than half of that leaves the other half for referring to it.
 */
export function isFresh({ grace }: Store, facts: ObjectFacts, since = 0): boolean {
  return ageOf(facts) + since < grace / 2;
}

/**
 * Whether what was claimed when our clock stood at `claimed` may be lost by now, as garbage collection did not see what
 * refers to it: whoever was held up for so long has to claim it once more.
 */
export function isLate({ grace, clock }: Store, claimed: number): boolean {
  return clock() - claimed > grace / 4;
}

/** The bytes of a blob, if the bucket has them, spared by garbage collection for a while. */
export function claimRecord(
  store: Store,
  digest: Digest,
  options: Options = {},
): Promise<Location | undefined> {
  const key = store.keys.record(digest);
  return compareAndSet(async () => {
    const found = await readLocation(store, key, options);
    if (!found?.location || isFresh(store, found.facts)) return found?.location;
    await putLocation(store, key, found.location, { ...options, expect: found.facts.etag });
    return found.location;
  });
}

/** As {@link BlobRecords.record}. */
export function record(
  store: Store,
  digest: Digest,
  location: Location,
  options: Options = {},
): Promise<Location | undefined> {
  const key = store.keys.record(digest);
  return compareAndSet(async () => {
    // Most blobs are new.
    const created = await putLocation(store, key, location, { ...options, expect: null })
      .catch(unlessConflict);
    if (created !== undefined) return location;
    const there = await claimRecord(store, digest, options);
    if (there) return there;
    const found = await readLasting(store, () => readLocation(store, key, options), options);
    const expect = found?.location ? null : found?.facts.etag ?? null;
    // An upload was ended, whose answer was lost, and is ended once more after the blob was collected.
    if (found && !found.location && found.data === location.data) return undefined;
    // Who condemned it may have been killed before its bytes were removed.
    if (found && !found.location) await store.bucket.delete(store.keys.data(found.data), options);
    await putLocation(store, key, location, { ...options, expect });
    return location;
  });
}

/** Condemns a record or link, as garbage collection does, unless it leads elsewhere by now. */
export async function withdraw(
  store: Store,
  key: string,
  { data }: Location,
  options: Options = {},
): Promise<void> {
  await compareAndSet(async () => {
    const found = await readLocation(store, key, options);
    if (found?.location?.data !== data) return;
    const { location, facts: { etag } } = found;
    await putLocation(store, key, location, { ...options, expect: etag, state: "condemned" });
  });
}

/** The records of a bucket: an object for each blob. */
export function blobRecords(store: Store): BlobRecords {
  return {
    claim: (digest, options) => claimRecord(store, digest, options),
    record: (digest, location, options) => record(store, digest, location, options),
    withdraw: (digest, location, options) => withdraw(store, store.keys.record(digest), location, options),
    find: async (digest, options) =>
      (await readLocation(store, store.keys.record(digest), options))?.location,
  };
}
