/**
 * What the rooms agree on: where bytes are read from, where they are written to, and what is written.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";

/** A descriptor, or as much of one as is known: `repo@sha256:…` tells only the digest. */
export type Address = Pick<Descriptor, "digest"> & Partial<Descriptor>;

/** Registries keep manifests and blobs apart; the position in the graph tells which one bytes are. */
export type Role = "manifest" | "blob";

/** What every operation takes. */
export interface Options {
  /** Ends the work: sockets are closed, temporary files removed, the reason thrown. */
  signal?: AbortSignal | undefined;
}

/** What a name stands for. */
export interface Resolved {
  /** The bytes' descriptor. */
  descriptor: Descriptor;
  /** The bytes, verified; there when they were asked for. */
  document?: Bytes;
}

/** How to resolve a name. */
export interface ResolveOptions extends Options {
  /** What is looked for. Default: a manifest. */
  role?: Role | undefined;
  /** Brings the bytes too: one request to a registry instead of two. */
  document?: boolean | undefined;
  /**
   * It is to be written if it is not here, so that a target may say that it is not where looking for it costs more than
   * writing it again. Default: false.
   */
  beforeWrite?: boolean | undefined;
}

/** How to open bytes. */
export interface OpenOptions extends Options {
  /** What the bytes are. Default: a manifest where the media type names a document, else a blob. */
  role?: Role | undefined;
  /** First byte wanted, from 0. */
  start?: number | undefined;
  /** The byte after the last one wanted. */
  end?: number | undefined;
}

/** A registry's repository, as mounting names it. */
export interface Origin {
  /** Host, and port if it has one. */
  registry: string;
  /** Repository name without the host. */
  repository: string;
}

/** Where images are read from: one repository of a registry, a layout, an archive. */
export interface Source {
  /**
   * Tag, digest or annotated name → descriptor.
   *
   * @throws {GantryError} `not-found` when nothing has that name.
   */
  resolve(name: string, options?: ResolveOptions): Promise<Resolved>;
  /**
   * The raw bytes, or those from `start` up to `end`. They come unverified: see `readVerified`.
   *
   * @throws {GantryError} `not-found` when the bytes are not here.
   */
  open(what: Address, options?: OpenOptions): Promise<ReadableStream<Bytes>>;
  /** Whether `names` come in the order of their bytes, and only those behind `after` where it is given. */
  readonly ordered?: boolean;
  /** The tags. Only what says that it is `ordered` takes notice of `after`. */
  names?(options?: Options & { after?: string | undefined }): AsyncIterable<string>;
  /** All that is on top, named or not, duplicates included. */
  roots?(options?: Options): AsyncIterable<Descriptor>;
  /** The manifests whose subject this is. */
  referrers?(
    subject: Address,
    options?: Options & { artifactType?: string | undefined },
  ): AsyncIterable<Descriptor>;
  /** Repositories known to hold the bytes, as data, so that overlays and caches can pass it on; mounting uses it. */
  origins?(what: Address): AsyncIterable<Origin>;
  /** The path of a file that holds just these bytes, for targets on the same disk that can share it. */
  file?(what: Address): Promise<string | undefined>;
  /** A URL at which whoever has it may read just these bytes for some minutes, as storage signs them. */
  presigned?(what: Address, options?: Options): Promise<string | undefined>;
}

/** How to write content. */
export interface WriteOptions extends Options {
  /** What the bytes are. Default: a manifest where the media type names a document, else a blob. */
  role?: Role | undefined;
  /** Tags the manifest in the same step. */
  name?: string | undefined;
  /** Partial bytes survive an abort or a kill under this word, and the next write with it goes on where they end. */
  session?: string | undefined;
  /** Repositories from which the bytes could be mounted. */
  origins?: AsyncIterable<Origin> | undefined;
}

/** What became of a write. */
export interface Written {
  /** The bytes' descriptor; a digest and size that were not known before are known now. */
  descriptor: Descriptor;
  /** Whether they were there already, were mounted from another repository, or were sent. */
  how: "present" | "mounted" | "written";
}

/** How much a repository holds. */
export interface Usage {
  /** Bytes of its manifests and blobs, each counted once. */
  bytes: number;
  /** How many manifests and indexes. */
  manifests: number;
  /** How many names. */
  tags: number;
}

/** A source that can be written too: one repository. */
export interface Target extends Source {
  /** Whether an image manifest is never here without all that it names, as registries see to: copy need not look then. */
  readonly complete?: boolean;
  /**
   * Bytes land whole under their digest, or not at all.
   *
   * @throws {GantryError} `digest-mismatch` or `size-mismatch` when the content is not what it says it is.
   */
  write(content: Content, options?: WriteOptions): Promise<Written>;
  /**
   * Gives a manifest a name. `expect` is the digest that must have the name now, null for none, else `conflict`; it is
   * best effort where a registry cannot compare.
   */
  tag(
    name: string,
    descriptor: Descriptor,
    options?: Options & { expect?: Digest | null | undefined },
  ): Promise<void>;
  /** Takes a name away; the manifest stays. */
  untag?(name: string, options?: Options): Promise<void>;
  /** Removes a manifest with all its names, or a blob. */
  delete?(what: Address, options?: Options & { role?: Role | undefined }): Promise<void>;
  /**
   * One write over several calls or processes: a registry's upload, a store's ingest. Opens it where it stands and
   * begins it where there is none, unless `create` is false.
   *
   * @throws {GantryError} `not-found` when it is not to be begun and is not there, `conflict` while another holds it.
   */
  ingest?(session: string, options?: Options & { create?: boolean | undefined }): Promise<Ingest>;
  /** The writes in the making, whoever began them. To end one, open it with {@link Target.ingest} and abort it. */
  ingests?(options?: Options): AsyncIterable<IngestStatus>;
  /**
   * Keeps all that this instance writes or finds meanwhile from garbage collection, until the lease is disposed of. An
   * `id` that is there already is taken over, with what it keeps.
   *
   * @throws {GantryError} `invalid-name` for an id that cannot be one, `conflict` when another process holds it.
   */
  lease?(options?: LeaseOptions): Promise<Lease>;
  /** The leases that hold, whoever took them. Disposing of one ends it. */
  leases?(options?: Options): AsyncIterable<Lease>;
  /** Counts what is in it. */
  usage?(options?: Options): Promise<Usage>;
}

/** How to take a lease. */
export interface LeaseOptions extends Options {
  /** What it is called: up to 128 letters, digits, dots, dashes and underscores. Default: a name of its own. */
  id?: string | undefined;
  /** When it ends by itself; until then it outlives the process. Default: with the process. */
  expires?: Date | undefined;
}

/** Something that keeps bytes from garbage collection until it is disposed of. */
export interface Lease extends AsyncDisposable {
  /** What it is called. */
  readonly id: string;
  /** When it ends by itself, if it outlives the process. */
  readonly expires?: Date | undefined;
}

/** How far a write in the making has come. */
export interface IngestStatus {
  /** Under which word it goes on. */
  readonly session: string;
  /** How many bytes are safely there. */
  readonly offset: number;
  /** When the last of them came. */
  readonly updated: Date;
}

/** How to add bytes to a write in the making. */
export interface AppendOptions extends Options {
  /** How many there are, if known: who has no room for them says so before they are read. */
  size?: number | undefined;
  /** What all bytes hash to once these, the last ones, are there. */
  expected?: Digest | undefined;
}

/** A write in the making. */
export interface Ingest {
  /** How many bytes are safely there. */
  readonly offset: number;
  /**
   * Adds bytes, which must begin where the last ones ended, and tells how many there are then. Bytes that came before
   * the stream broke are kept. `expected` tells that these are the last, and what all hash to: then they need not be.
   *
   * @throws {GantryError} `conflict` when `at` is not the offset.
   */
  append(bytes: ReadableStream<Bytes>, at: number, options?: AppendOptions): Promise<number>;
  /**
   * Ends it: the bytes become a blob. Without `expected` they are named by their sha256.
   *
   * @throws {GantryError} `digest-mismatch` when the bytes are not those. They stay then, for who named the wrong digest;
   * a bucket may have to forget them.
   */
  commit(expected?: Digest, options?: Options): Promise<Descriptor>;
  /** Forgets the bytes. */
  abort(): Promise<void>;
  /**
   * Lets go of it; what is there stays for the next one who opens it. Does nothing once it is committed or aborted.
   */
  close(): Promise<void>;
}

/** How to open content. */
export interface ContentOptions extends Options {
  /** First byte wanted, from 0. The rest cannot be verified by itself. Default: 0. */
  start?: number | undefined;
  /** The caller verifies the bytes, as targets do: they need not be hashed twice. Default: false. */
  unverified?: boolean | undefined;
}

/** Bytes to be written, and what is known of them before they are read. */
export interface Content {
  /** What the bytes are. */
  mediaType: string;
  /** How many there are, if known. */
  size?: number | undefined;
  /** What they hash to, if known. */
  digest?: Digest | undefined;
  /** Whether `open` works more than once. */
  replayable: boolean;
  /** The rest of the descriptor, for targets that record it with the name. */
  annotations?: Descriptor["annotations"];
  /** For which platform an index names it. */
  platform?: Descriptor["platform"];
  /** Looks for a file that holds just these bytes, unverified, and gives its path. */
  file?: (() => Promise<string | undefined>) | undefined;
  /** The bytes, or those from `start` on. */
  open(options?: ContentOptions): Promise<ReadableStream<Bytes>>;
}

/**
 * What copy walks: an image, an index, a layer, an artifact. Children are written before `content` is asked for, so
 * that one of them may be a one-shot stream whose digest only its writing tells.
 */
export interface Part {
  /** How registries keep it. */
  readonly role: Role;
  /** What is known of its bytes without any work. */
  readonly known?: Address | undefined;
  /** Where its bytes may be mounted from. */
  origins?(): AsyncIterable<Origin>;
  /** What it names. */
  children(options?: Options): Promise<readonly Part[]>;
  /** Its bytes. */
  content(options?: Options): Promise<Content>;
}
