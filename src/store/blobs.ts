/**
 * What a store keeps its bytes in: a directory, or what is as good. Interfaces only.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type {
  Address,
  Content,
  Ingest,
  IngestStatus,
  Lease,
  LeaseOptions,
  Options,
} from "../content/contracts.ts";
import type { Collected, IsNeeded } from "../disk/gc_sweep.ts";
import type { SessionOptions } from "../disk/ingests.ts";
import type { Digest } from "../spec/digest.ts";

export type { Collected, IsNeeded } from "../disk/gc_sweep.ts";
export type { SessionOptions } from "../disk/ingests.ts";

/** What is known of a blob. */
export interface BlobFacts {
  /** Bytes. */
  readonly size: number;
  /** When somebody last wrote or wanted it, in milliseconds since 1970. */
  readonly changed: number;
}

/** What is found where blobs are. */
export interface FoundBlob {
  /** Where it is, for messages. */
  readonly path: string;
  /** What it is called; undefined for what is no blob. */
  readonly digest?: Digest | undefined;
  /** What is known of it, where finding it told that. */
  readonly facts?: BlobFacts | undefined;
}

/** What is not to be collected although nothing refers to it yet. */
export interface BlobLeases {
  /** Takes a lease, or takes one over. */
  take(options?: LeaseOptions): Promise<Lease>;
  /** The leases that hold, whoever took them. */
  list(options?: Options): AsyncIterable<Lease>;
  /** Every digest that a lease keeps. */
  noted(): Promise<Set<Digest>>;
}

/** How garbage is collected. */
export interface CollectBlobsOptions extends Options {
  /** Nothing that was changed since is removed, in milliseconds since 1970. */
  before: number;
  /** The sessions that are kept, however old they are. */
  sessions: ReadonlySet<string>;
}

/** The blobs of a store. */
export interface Blobs {
  readonly leases: BlobLeases;
  /** Where a blob is or would be, for messages. */
  path(digest: Digest): string;
  /** The file that a blob is in, where it is in one. */
  file(digest: Digest): string | undefined;
  /** A blob's facts; nothing when it is not here. */
  facts(digest: Digest): Promise<BlobFacts | undefined>;
  /** The facts of those that are here, in any order. */
  factsOf(digests: ReadonlySet<Digest>, options?: Options): AsyncIterable<readonly [Digest, BlobFacts]>;
  /** The time by the clock that {@link BlobFacts.changed} is told by. */
  now(): Promise<number>;
  /** All that is found where blobs are. */
  all(options?: Options): AsyncIterable<FoundBlob>;
  /**
   * The size of a blob that somebody is about to build upon, nothing when it has to be written. Once this has found it,
   * it stays while a lease is held, or for the time of grace without one.
   */
  claim(what: Address): Promise<number | undefined>;
  /** Takes a blob from a file on the same disk, and tells its size; nothing where that is not wanted or cannot be. */
  share(digest: Digest, content: Content, options: Options): Promise<number | undefined>;
  /** Opens a blob; its bytes come unverified. */
  open(
    what: Address,
    options?: Options & { start?: number | undefined; end?: number | undefined },
  ): Promise<ReadableStream<Bytes>>;
  /** A document whole and verified. */
  read(what: Address, options?: Options & { limit?: number | undefined }): Promise<Bytes>;
  /** Puts a small blob in its place. */
  put(digest: Digest, bytes: Bytes): Promise<void>;
  /** Makes what was put stay there for good. To be called before a record refers to it. */
  flush(): Promise<void>;
  /** Does something that refers to blobs, which no collection of garbage takes away meanwhile. */
  leased<T>(work: () => Promise<T>): Promise<T>;
  /** Removes a wrong blob, whatever refers to it. */
  drop(digest: Digest): Promise<void>;
  /** Puts a wrong blob out of the way, where that can be done; false where it turns out to be right. */
  quarantine?(digest: Digest, options: Options): Promise<boolean>;
  /** Keeps so much room, where it may run out, until the function that it gives is called. */
  reserve?(bytes: number): Promise<() => Promise<void>>;
  /** Does something that needs little room, in the room that is kept where there is no other. */
  withRoom?<T>(work: () => Promise<T>): Promise<T>;
  /** Removes a blob, unless something needs it or somebody is about to. */
  remove(digest: Digest, isNeeded: IsNeeded, options: Options): Promise<void>;
  /** Does something while nobody collects garbage where that would disturb. */
  undisturbed<T>(work: () => Promise<T>, options: Options): Promise<T>;
  /** Removes what is left of writes and leases, then lets the work remove records. */
  collecting<T>(options: CollectBlobsOptions, work: () => Promise<T>): Promise<T>;
  /** Removes the blobs of which nobody has a record, that no lease names, and that are old enough. */
  sweep(
    recorded: () => Promise<ReadonlySet<Digest>>,
    isNeeded: IsNeeded,
    options: Options & { before: number },
  ): Promise<Collected>;
}

/** The writes in the making. */
export interface Sessions {
  /** Opens a session where it stands, and begins it where there is none, unless it is not to be begun. */
  open(session: string, options?: SessionOptions): Promise<Ingest>;
  /** Whether a session has been begun. */
  exists(session: string): Promise<boolean>;
  /** The sessions that can be continued. */
  list(options?: Options): AsyncGenerator<IngestStatus, void, void>;
}
