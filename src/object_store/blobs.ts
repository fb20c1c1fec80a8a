import { type Bytes, streamOf } from "../bytes.ts";
import type { Address, Options } from "../content/contracts.ts";
import { unnamedSession } from "../content/ingest.ts";
import { readKept } from "../disk/read_kept.ts";
import { GantryError } from "../errors.ts";
import type { BlobRecords, Location } from "../objects/blob_records.ts";
import { plainHash } from "../objects/object_ingest.ts";
import type { Store as ObjectsStore } from "../objects/store.ts";
import { algorithmOf, type Digest, parseDigest } from "../spec/digest.ts";
import type {
  BlobFacts,
  Blobs,
  CollectBlobsOptions,
  Collected,
  FoundBlob,
  IsNeeded,
} from "../store/blobs.ts";
import { type Change, type Entry, listAll, listPages } from "../store/metadata.ts";
import { blobOf, type BlobValue, digestOf, shared } from "./blob_value.ts";
import { BucketLeases } from "./leases.ts";
import type { BucketMetadata } from "./metadata.ts";
import { Sessions } from "./sessions.ts";

/** A blob that is wanted is spared for the time of grace, from when it was last written down as wanted; that is so often. */
const noticed = 15 * 60_000;
/** How many blobs are removed with one change of the records. */
const batch = 500;

/**
 * The blobs of a store in a bucket: their bytes in objects of names that are never used twice, and a record for each
 * that says which. Records of blobs change together with all others. So a collection of garbage removes a blob's record
 * only where nobody has come to need it, and its object after that.
 */
export class BucketBlobs implements Blobs {
  readonly leases: BucketLeases;
  readonly sessions: Sessions;
  readonly #store: ObjectsStore;
  readonly #metadata: BucketMetadata;

  constructor(store: ObjectsStore, metadata: BucketMetadata) {
    this.#store = store;
    this.#metadata = metadata;
    this.leases = new BucketLeases(metadata, store.expiry);
    this.sessions = new Sessions(store, this.#records());
  }

  path(digest: Digest): string {
    return `${parseDigest(digest)} in ${this.#store.bucket.name}`;
  }

  file(): undefined {}

  share(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async facts(digest: Digest): Promise<BlobFacts | undefined> {
    const entry = await this.#find(parseDigest(digest));
    return entry && blobOf(entry);
  }

  async *factsOf(
    digests: ReadonlySet<Digest>,
    options: Options = {},
  ): AsyncGenerator<readonly [Digest, BlobFacts], void, void> {
    if (digests.size === 0) return;
    for await (const { digest, facts } of this.all(options)) if (digests.has(digest)) yield [digest, facts];
  }

  /** All that was written so far is before it. */
  async now(): Promise<number> {
    return await this.#metadata.now() + 1;
  }

  async *all(
    options: Options = {},
  ): AsyncGenerator<Required<FoundBlob> & { digest: Digest; facts: BlobFacts }> {
    for await (const entry of listAll(this.#metadata, shared.blobs, options)) {
      const digest = digestOf(entry);
      yield { path: this.path(digest), digest, facts: blobOf(entry) };
    }
  }

  async claim({ digest, size }: Address): Promise<number | undefined> {
    parseDigest(digest);
    for (;;) {
      const entry = await this.#find(digest);
      if (!entry) return undefined;
      const blob = blobOf(entry);
      if (size !== undefined && blob.size !== size) return undefined;
      const now = await this.#metadata.now();
      const isNoted = await this.leases.isNoted(digest);
      if (isNoted === true || (isNoted === "unleased" && now - blob.changed < noticed)) return blob.size;
      const { changes, done } = await this.leases.note(digest);
      const touched = blobChange(digest, { ...blob, changed: now }, entry.version);
      if (!await this.#metadata.commit([touched, ...changes])) continue;
      done();
      return blob.size;
    }
  }

  async open(
    { digest, size }: Address,
    { start = 0, end, signal }: Options & { start?: number | undefined; end?: number | undefined } = {},
  ): Promise<ReadableStream<Bytes>> {
    const blob = await this.facts(digest) as BlobValue | undefined;
    if (!blob) throw this.#missing(digest);
    if (size !== undefined && size !== blob.size) {
      const problem = `${blob.size} bytes, expected ${size}`;
      throw new GantryError("size-mismatch", `read ${this.path(digest)}: ${problem}`);
    }
    const stop = Math.min(end ?? blob.size, blob.size);
    if (stop <= start) return streamOf(new Uint8Array(0));
    const found = await this.#store.bucket.get(this.#dataKey(blob.data), { start, end: stop, signal });
    if (!found) throw this.#missing(digest);
    return found.body;
  }

  read(what: Address, options: Options & { limit?: number | undefined } = {}): Promise<Bytes> {
    return readKept(this, what, options);
  }

  async put(digest: Digest, bytes: Bytes): Promise<void> {
    const ingest = this.sessions.unnamed(unnamedSession(), await plainHash(algorithmOf(digest)));
    await ingest.append(streamOf(bytes), 0);
    await ingest.commit(digest);
  }

  /** What the bucket has acknowledged is there for good. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  /** What refers to a blob is a record that is only made where the blob's own is there. */
  leased<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async drop(digest: Digest): Promise<void> {
    const entry = await this.#find(digest);
    if (!entry) return;
    await this.#remove([entry]);
    await this.#emptyTrash({});
  }

  async remove(digest: Digest, isNeeded: IsNeeded, options: Options): Promise<void> {
    for (;;) {
      options.signal?.throwIfAborted();
      const entry = await this.#find(digest);
      if (!entry || await isNeeded(digest) || (await this.leases.noted()).has(digest)) return;
      if (await this.#remove([entry])) break;
    }
    await this.#emptyTrash(options);
  }

  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async collecting<T>({ sessions, signal }: CollectBlobsOptions, work: () => Promise<T>): Promise<T> {
    await this.sessions.sweep(sessions, { signal });
    await this.leases.sweep({ signal });
    const done = await work();
    await this.#metadata.sweep({ signal });
    return done;
  }

  async sweep(
    recorded: () => Promise<ReadonlySet<Digest>>,
    _isNeeded: IsNeeded,
    { before, signal }: Options & { before: number },
  ): Promise<Collected> {
    const collected: Collected = { removed: [], bytes: 0 };
    for await (const page of listPages(this.#metadata, shared.blobs, { signal })) {
      const old = page.filter((entry) => blobOf(entry).changed < before);
      if (old.length === 0) continue;
      // Asked once the versions are known: who has come to need a blob since gives it another one.
      const [leased, kept] = [await this.leases.noted(), await recorded()];
      const garbage = old.filter((entry) => !leased.has(digestOf(entry)) && !kept.has(digestOf(entry)));
      while (garbage.length > 0) {
        const some = garbage.splice(0, batch);
        const removed = await this.#remove(some) ? some : await this.#removeEach(some);
        for (const entry of removed) {
          collected.removed.push(digestOf(entry));
          collected.bytes += blobOf(entry).size;
        }
      }
    }
    await this.#emptyTrash({ signal });
    return collected;
  }

  /** Where blobs are, for whoever writes them. */
  #records(): BlobRecords {
    const find = async (digest: Digest): Promise<Location | undefined> => {
      const entry = await this.#find(digest);
      return entry && blobOf(entry);
    };
    return {
      find,
      claim: async (digest) => await this.claim({ digest }) === undefined ? undefined : await find(digest),
      withdraw: async (digest, { data }) => {
        for (;;) {
          const entry = await this.#find(digest);
          if (!entry || blobOf(entry).data !== data) return;
          const gone = { bucket: shared.blobs, key: digest, value: null, expect: entry.version };
          if (await this.#metadata.commit([gone])) return;
        }
      },
      record: async (digest, { data, size }) => {
        for (;;) {
          const there = await this.claim({ digest }) === undefined ? undefined : await find(digest);
          if (there) return there;
          if (await this.#metadata.get(shared.trash, data)) return undefined;
          const { changes, done } = await this.leases.note(digest);
          const changed = await this.#metadata.now({ create: true });
          const made = blobChange(digest, { data, size, changed }, null);
          const kept = { bucket: shared.trash, key: data, value: null, expect: null };
          if (!await this.#metadata.commit([made, kept, ...changes])) continue;
          done();
          return { data, size };
        }
      },
    };
  }

  #find(digest: Digest): Promise<Entry | undefined> {
    return this.#metadata.get(shared.blobs, digest);
  }

  /** Removes records, unless somebody has changed one of them or come to hold one. */
  async #remove(entries: readonly Entry[]): Promise<boolean> {
    const since = await this.#metadata.now();
    const changes = entries.flatMap((entry): Change[] => [
      { bucket: shared.blobs, key: entry.key, value: null, expect: entry.version },
      { bucket: shared.trash, key: blobOf(entry).data, value: JSON.stringify({ since }) },
    ]);
    return await this.#metadata.commit(changes);
  }

  async #removeEach(entries: readonly Entry[]): Promise<Entry[]> {
    const removed: Entry[] = [];
    for (const entry of entries) if (await this.#remove([entry])) removed.push(entry);
    return removed;
  }

  /** Removes the objects that no record leads to any longer; what a killed process has left of them too. */
  async #emptyTrash({ signal }: Options): Promise<void> {
    for await (const page of listPages(this.#metadata, shared.trash, { signal })) {
      await Promise.all(page.map(({ key }) => this.#store.bucket.delete(this.#dataKey(key), { signal })));
      if (page.length === 0) continue;
      await this.#metadata.commit(page.map(({ key }) => ({ bucket: shared.trash, key, value: null })));
    }
  }

  #dataKey(data: string): string {
    return this.#store.keys.data(data);
  }

  #missing(digest: Digest): GantryError {
    return new GantryError("not-found", `read ${this.path(digest)}: not there`);
  }
}

function blobChange(digest: Digest, { data, size, changed }: BlobValue, expect: Change["expect"]): Change {
  return { bucket: shared.blobs, key: digest, value: JSON.stringify({ data, size, changed }), expect };
}
