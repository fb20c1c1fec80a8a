import { type Bytes, chunksOf, concat } from "../bytes.ts";
import type { Ingest, Options } from "../content/contracts.ts";
import { unnamedSession } from "../content/ingest.ts";
import { createHasher, digestBytes } from "../digest/hasher.ts";
import { ResumableSha256 } from "../digest/resumable_sha256.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Algorithm, algorithmOf, type Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { type BlobRecords, blobRecords, type Location } from "./blob_records.ts";
import { ageOf } from "./documents.ts";
import type { Links } from "./links.ts";
import { Parts } from "./parts.ts";
import { type FoundSession, sessionBytes } from "./session.ts";
import type { Store } from "./store.ts";

/** So many parts may be lost when the process is killed: their session is kept after as many. */
const partsAtRisk = 8;

/** A hash that is not to be gone on with in another process: the runtime's own, which is faster. */
export interface PlainHash {
  readonly algorithm: Algorithm;
  update(bytes: Uint8Array): void | Promise<void>;
  digest(): Promise<Digest>;
}

/** Starts the hash of a write that is not to be continued. */
export async function plainHash(algorithm: Algorithm): Promise<PlainHash> {
  const hasher = await createHasher(algorithm);
  return { algorithm, update: (bytes) => hasher.update(bytes), digest: () => hasher.digest() };
}

/** What an ingest is made of. */
export interface IngestParts {
  store: Store;
  links: Pick<Links, "add">;
  /** Where it is written down which object a blob is in. Default: an object for each blob. */
  records?: BlobRecords | undefined;
  /** What it is called in messages. */
  name: string;
  /** Of the session's object. */
  key: string;
  /** What is there already. */
  found?: FoundSession | undefined;
  /** Default: one that can be gone on with. */
  hash?: PlainHash | undefined;
}

/**
 * A write in the making: parts of one size in the bucket, and the rest in memory until `close` keeps it in the session.
 * Who goes on with a session that another goes on with too gets a `conflict` when either keeps it; neither can harm what
 * the other makes of it, as only who has made an object removes it.
 */
export class ObjectIngest implements Ingest {
  readonly #store: Store;
  readonly #links: Pick<Links, "add">;
  readonly #records: BlobRecords;
  readonly #name: string;
  readonly #key: string;
  /** Undefined where all bytes are there, and nobody knows any longer what they hash to. */
  #hash: ResumableSha256 | PlainHash | undefined;
  readonly #partSize: number;
  readonly #data: string;
  #parts: Parts | undefined;
  #tail: Bytes[];
  #tailLength: number;
  /** Of the session's object, once there is one. */
  #etag: string | undefined;
  /** How many bytes are in the session. */
  #kept: number;
  /** How many parts were there when it was kept. */
  #keptParts: number;
  /** When it was kept, by our own clock. */
  #keptAt: number;
  /** How many bytes there are, once no more are taken. */
  #size: number | undefined;
  /** Whether the session tells it. */
  #keptSize: boolean;
  /** When the session was kept that was found, by our own clock. */
  readonly #foundAt: number | undefined;
  /** Whether we, or who had the session before, may have made the object. */
  #mayBeMade: boolean;
  #ended = false;
  /** Whether the record may be there, so that the session must not look younger than it. */
  #isRecorded = false;

  constructor({ store, links, records, name, key, found, hash }: IngestParts) {
    const session = found?.session;
    this.#store = store;
    this.#links = links;
    this.#records = records ?? blobRecords(store);
    this.#name = name;
    this.#key = key;
    const isHashed = session?.size === undefined || session.sha256 !== undefined;
    this.#hash = hash ?? (isHashed ? new ResumableSha256(session?.sha256) : undefined);
    this.#partSize = session?.partSize ?? store.partSize;
    this.#data = session?.data ?? crypto.randomUUID();
    if (session?.multipart !== undefined) {
      this.#parts = new Parts(store.bucket, { key: this.#dataKey, id: session.multipart }, session.parts);
    }
    this.#tail = found && found.tail.byteLength > 0 ? [found.tail] : [];
    this.#tailLength = found?.tail.byteLength ?? 0;
    this.#etag = found?.etag;
    this.#mayBeMade = found !== undefined;
    this.#kept = found?.offset ?? 0;
    this.#keptParts = session?.parts.length ?? 0;
    this.#size = session?.size;
    this.#keptSize = session?.size !== undefined;
    this.#keptAt = this.#store.clock() - (found ? ageOf(found) : 0);
    this.#foundAt = found && this.#keptAt;
  }

  get offset(): number {
    return this.#size ?? (this.#parts?.count ?? 0) * this.#partSize + this.#tailLength;
  }

  /** Keeps a session in which nothing is yet, and tells whether there was none. */
  async begin(options: Options): Promise<boolean> {
    try {
      await this.#keep(0, options);
      return true;
    } catch (error) {
      if (!GantryError.is(error, "conflict")) throw error;
      return false;
    }
  }

  async append(
    bytes: ReadableStream<Bytes>,
    at: number,
    options: Options & { expected?: Digest | undefined } = {},
  ): Promise<number> {
    if (at !== this.offset) {
      await bytes.cancel();
      throw new GantryError("conflict", `append to ${this.#name} at ${at}: it stands at ${this.offset}`);
    }
    const { expected } = options;
    if (expected !== undefined && at === 0) this.#hash = await plainHash(algorithmOf(expected));
    for await (let chunk of chunksOf(bytes, options.signal)) {
      while (chunk.byteLength > 0) {
        if (this.#size !== undefined) {
          throw new GantryError("conflict", `append to ${this.#name}: another request is ending it`);
        }
        if (this.#tailLength === this.#partSize) await this.#sendPart(options);
        const piece = chunk.subarray(0, this.#partSize - this.#tailLength);
        chunk = chunk.subarray(piece.byteLength);
        await this.#hash?.update(piece);
        this.#tail.push(piece);
        this.#tailLength += piece.byteLength;
      }
    }
    return this.offset;
  }

  async commit(expected?: Digest, options: Options = {}): Promise<Descriptor> {
    const algorithm = expected === undefined ? "sha256" : algorithmOf(expected);
    const size = this.offset;
    let digest = await this.#heldDigest(algorithm);
    if (digest !== undefined && expected !== undefined && digest !== expected) {
      throw mismatch(digest, expected);
    }
    let claimed = this.#store.clock();
    let location = digest && await this.#records.claim(digest, options);
    let made = false;
    if (!location) {
      made = await this.#makeObject(options);
      if (!made || digest === undefined) {
        const there = await this.#readDigest(algorithm, options);
        await this.#check(there, expected ?? digest, made ? "ours" : "unknown");
        digest = there;
      }
      claimed = this.#store.clock();
      this.#isRecorded = true;
      location = await this.#records.record(digest, { data: this.#data, size }, options);
      if (location?.data === this.#data) {
        await this.#checkKept(digest, location, options);
        if (!await this.#isThere(digest, location, options)) location = undefined;
      }
    }
    if (!location) await this.#end(made ? "ours" : "unknown");
    const linked = location && await this.#links.add(digest!, location, { ...options, claimed });
    if (!linked) throw removed(digest!);
    this.#ended = true;
    await this.#forget(linked.data === this.#data ? "kept" : made ? "ours" : "unknown");
    return { mediaType: mediaTypes.octetStream, digest: digest!, size };
  }

  async abort(): Promise<void> {
    if (!this.#ended) await this.#end("unknown");
  }

  async close(): Promise<void> {
    if (this.#ended || this.#isRecorded || (this.#etag !== undefined && this.offset === this.#kept)) return;
    await this.#keep(this.offset);
  }

  get #dataKey(): string {
    return this.#store.keys.data(this.#data);
  }

  /** Whether garbage collection may soon take it for given up. */
  #isStale(): boolean {
    return this.#store.clock() - this.#keptAt > this.#store.expiry / 2;
  }

  /** The digest, where it can be told before the object is there. */
  async #heldDigest(algorithm: Algorithm): Promise<Digest | undefined> {
    if (this.#hash?.algorithm === algorithm) return await this.#hash.digest();
    return this.#parts ? undefined : await digestBytes(concat(this.#tail), algorithm);
  }

  async #check(digest: Digest, expected: Digest | undefined, object: "ours" | "unknown"): Promise<void> {
    if (expected === undefined || digest === expected) return;
    await this.#end(object);
    throw mismatch(digest, expected);
  }

  async #end(object: "ours" | "unknown"): Promise<void> {
    this.#ended = true;
    await this.#forget(object);
  }

  /** Whoever was held up for so long may have recorded an object that was taken for given up, and removed. */
  async #checkKept(digest: Digest, location: Location, options: Options): Promise<void> {
    if (!this.#isStale()) return;
    try {
      await this.#keep(this.#kept, options);
    } catch (error) {
      if (!GantryError.is(error, "conflict")) throw error;
      await this.#records.withdraw(digest, location, options);
      throw removed(digest);
    }
  }

  /**
   * Whether the object is there that was recorded. The upload may have been ended before, and its blob collected: then the
   * object that was made anew may have gone with the one of the same name.
   */
  async #isThere(digest: Digest, location: Location, options: Options): Promise<boolean> {
    if (!this.#mayHaveEnded() || await this.#store.bucket.head(this.#dataKey, options)) return true;
    await this.#records.withdraw(digest, location, options);
    return false;
  }

  /** Whether it may have been ended so long ago that the blob was collected: nobody keeps a session after recording its blob. */
  #mayHaveEnded(): boolean {
    return this.#foundAt !== undefined && this.#store.clock() - this.#foundAt > this.#store.grace / 2;
  }

  async #sendPart(options: Options): Promise<void> {
    const { bucket } = this.#store;
    if (!this.#parts) {
      this.#parts = new Parts(bucket, await bucket.startMultipart(this.#dataKey, options));
      await this.#keep(this.#kept, options);
    }
    await this.#parts.add(this.#tail.splice(0), options);
    this.#tailLength = 0;
    const atRisk = this.#hash instanceof ResumableSha256 ? this.#parts.count - this.#keptParts : 0;
    if (atRisk >= partsAtRisk || this.#isStale()) await this.#keep(this.offset, options);
  }

  /**
   * Keeps the session, as far as it has come or, while less than a part has come, as if nothing more had; so too where the
   * hash cannot be gone on with, before all is there.
   */
  async #keep(offset: number, options: Options = {}): Promise<void> {
    const resumable = this.#hash instanceof ResumableSha256;
    const nothing = offset === 0 || (!resumable && this.#size === undefined);
    const parts = nothing ? [] : await this.#parts?.settled(options) ?? [];
    const bytes = sessionBytes({
      data: this.#data,
      multipart: this.#parts?.multipart.id,
      parts,
      partSize: this.#partSize,
      size: this.#size,
      ...(resumable && { sha256: (nothing ? new ResumableSha256() : this.#hash as ResumableSha256).state }),
    }, nothing || !resumable ? [] : this.#tail);
    const at = this.#store.clock();
    this.#etag = await this.#store.bucket.put(this.#key, bytes, { ...options, expect: this.#etag ?? null });
    this.#kept = nothing ? 0 : this.offset;
    this.#keptParts = parts.length;
    this.#keptSize = this.#size !== undefined;
    this.#keptAt = at;
  }

  /**
   * Makes the object of all that came, and tells whether it was us. If not, its bytes have to tell whether they are the
   * same: another may go on with the same session, or it was us all the same and the answer was lost.
   */
  async #makeObject(options: Options): Promise<boolean> {
    const { bucket } = this.#store;
    this.#mayBeMade = true;
    try {
      if (this.#parts) await this.#complete(this.#parts, options);
      else {
        // Garbage collection finds by the session what is there without a record.
        if (this.#etag === undefined || this.#isStale()) await this.#keep(this.#kept, options);
        await bucket.put(this.#dataKey, concat(this.#tail, this.#tailLength), { ...options, expect: null });
      }
      return true;
    } catch (error) {
      const there = await bucket.head(this.#dataKey, options).catch(() => undefined);
      if (there?.size === this.offset) return false;
      throw error;
    }
  }

  /** Completes the parts. Once the session tells their end, all who go on with it make the same object of them. */
  async #complete(parts: Parts, options: Options): Promise<void> {
    if (this.#size === undefined) {
      const size = this.offset;
      if (this.#tailLength > 0) await parts.add(this.#tail.splice(0), options);
      this.#tailLength = 0;
      this.#size = size;
    }
    if (!this.#keptSize || this.#isStale()) await this.#keep(this.#size, options);
    await this.#store.bucket.completeMultipart(parts.multipart, await parts.settled(options), options);
  }

  /** The digest of the object, which is read for it. */
  async #readDigest(algorithm: Algorithm, options: Options): Promise<Digest> {
    const digest = await digestObject(this.#store, this.#dataKey, algorithm, options);
    if (digest) return digest;
    throw new GantryError("unavailable", `write to ${this.#name}: what was written is gone`);
  }

  /** Removes what is left of it: of the object what we know to be ours alone. */
  async #forget(object: "ours" | "kept" | "unknown"): Promise<void> {
    const { bucket } = this.#store;
    if (this.#parts) {
      await this.#parts.idle();
      await bucket.abortMultipart(this.#parts.multipart);
    }
    if (object === "ours") await bucket.delete(this.#dataKey);
    else if (object === "unknown" && this.#mayBeMade && await bucket.head(this.#dataKey)) await this.#leave();
    if (this.#etag !== undefined) await bucket.delete(this.#key);
  }

  /**
   * Leaves an object to garbage collection, under a session that nobody goes on with: who made it was killed, or is about
   * to record it.
   */
  async #leave(): Promise<void> {
    const key = this.#key.slice(0, this.#key.lastIndexOf("/") + 1) + unnamedSession();
    const session = { data: this.#data, parts: [], partSize: this.#partSize };
    await this.#store.bucket.put(key, sessionBytes(session, []));
  }
}

function removed(digest: Digest): GantryError {
  return new GantryError(
    "unavailable",
    `write ${digest}: it was removed meanwhile, it has to be written again`,
  );
}

function mismatch(digest: Digest, expected: Digest): GantryError {
  return new GantryError("digest-mismatch", `write ${expected}: the bytes are ${digest}`);
}

/** The digest of an object's bytes; nothing where it is not there. */
export async function digestObject(
  { bucket }: Store,
  key: string,
  algorithm: Algorithm,
  options: Options = {},
): Promise<Digest | undefined> {
  const found = await bucket.get(key, options);
  if (!found) return undefined;
  const hasher = await createHasher(algorithm);
  for await (const chunk of chunksOf(found.body, options.signal)) await hasher.update(chunk);
  return await hasher.digest();
}
