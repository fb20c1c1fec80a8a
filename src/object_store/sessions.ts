import type { Ingest, IngestStatus, Options } from "../content/contracts.ts";
import { isUnnamedSession } from "../content/ingest.ts";
import { isFileName } from "../disk/directory.ts";
import { GantryError } from "../errors.ts";
import type { BlobRecords, Location } from "../objects/blob_records.ts";
import { ageOf } from "../objects/documents.ts";
import { giveUp } from "../objects/expired_uploads.ts";
import { listObjects } from "../objects/list_objects.ts";
import { ObjectIngest, type PlainHash, plainHash } from "../objects/object_ingest.ts";
import { readSession } from "../objects/session.ts";
import type { Store as ObjectsStore } from "../objects/store.ts";
import type { Digest } from "../spec/digest.ts";
import type { SessionOptions, Sessions as Contract } from "../store/blobs.ts";

/** The store has one repository of uploads: blobs belong to all namespaces. */
const repository = "all";
/** A store's blobs belong to no repository. */
const links = { add: (_: Digest, location: Location) => Promise.resolve(location) };

/**
 * The writes in the making of a store in a bucket: an object for each session. Several may have one open; where two go
 * on with one, the first that keeps what it has wins, and the other gets a `conflict`.
 */
export class Sessions implements Contract {
  readonly #store: ObjectsStore;
  readonly #records: BlobRecords;

  constructor(store: ObjectsStore, records: BlobRecords) {
    this.#store = store;
    this.#records = records;
  }

  async open(session: string, options: SessionOptions = {}): Promise<Ingest> {
    const { create = true, algorithm = "sha256", signal } = options;
    if (!isFileName(session)) {
      throw new GantryError("invalid-name", `open session ${JSON.stringify(session)}: not a session's name`);
    }
    if (isUnnamedSession(session)) return this.unnamed(session, await plainHash(algorithm));
    const found = await readSession(this.#store, this.#key(session), { signal });
    if (!found && !create) throw new GantryError("not-found", `open session ${session}: no such session`);
    const ingest = new ObjectIngest({ ...this.#parts(session), found });
    // From here on others see it.
    if (!found) await ingest.close();
    return once(ingest, session);
  }

  /** A write that is not to be continued. */
  unnamed(session: string, hash: PlainHash): Ingest {
    return new ObjectIngest({ ...this.#parts(session), hash });
  }

  async exists(session: string): Promise<boolean> {
    return isFileName(session) && await this.#store.bucket.head(this.#key(session)) !== undefined;
  }

  async *list({ signal }: Options = {}): AsyncGenerator<IngestStatus, void, void> {
    for await (const { key, session } of this.#all({ signal })) {
      const found = isUnnamedSession(session) ? undefined : await readSession(this.#store, key, { signal });
      if (found) yield { session, offset: found.offset, updated: found.modified };
    }
  }

  /** Removes those that nobody has gone on with for the time of expiry, but for those that are to be kept. */
  async sweep(kept: ReadonlySet<string>, { signal }: Options): Promise<void> {
    for await (const { key, session, age } of this.#all({ signal })) {
      if (age < this.#store.expiry || kept.has(session)) continue;
      await giveUp(this.#store, key, { signal }, this.#records);
    }
  }

  async *#all({ signal }: Options): AsyncGenerator<{ key: string; session: string; age: number }> {
    const prefix = this.#store.keys.sessions(repository);
    for await (const facts of listObjects(this.#store.bucket, { prefix, signal })) {
      const session = this.#store.keys.sessionOf(facts.key);
      if (session !== undefined) yield { key: facts.key, session, age: ageOf(facts) };
    }
  }

  #parts(session: string) {
    const key = this.#key(session);
    return { store: this.#store, records: this.#records, links, name: session, key };
  }

  #key(session: string): string {
    return this.#store.keys.session(repository, session);
  }
}

/** The same write, which nobody can go on with here once it is ended. */
function once(ingest: Ingest, session: string): Ingest {
  let isOver = false;
  const requireOpen = (action: string) => {
    if (isOver) throw new GantryError("conflict", `${action} session ${session}: it is over`);
  };
  return {
    get offset() {
      return ingest.offset;
    },
    async append(bytes, at, options) {
      if (isOver) await bytes.cancel();
      requireOpen("append to");
      return await ingest.append(bytes, at, options);
    },
    async commit(expected, options) {
      requireOpen("commit");
      const descriptor = await ingest.commit(expected, options);
      isOver = true;
      return descriptor;
    },
    async abort() {
      if (!isOver) await ingest.abort();
      isOver = true;
    },
    async close() {
      if (!isOver) await ingest.close();
      isOver = true;
    },
  };
}
