/**
 * What images are kept in: objects under keys, as S3, R2 and the like have them. Interfaces only.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";

/** What a bucket tells of an object. */
export interface ObjectFacts {
  /** Its key. */
  readonly key: string;
  /** How many bytes it has. */
  readonly size: number;
  /** Names these bytes under this key: another put gives another one, unless it puts the same bytes. */
  readonly etag: string;
  /** When it was put, by the clock of the bucket. */
  readonly modified: Date;
  /** The time it was when the bucket told this, by the same clock: no other clock has to be right. */
  readonly now: Date;
}

/** An object that is being read. */
export interface OpenObject extends ObjectFacts {
  /** Its bytes, or the part that was asked for. */
  readonly body: ReadableStream<Bytes>;
}

/** Which bytes of an object are wanted. */
export interface GetOptions extends Options {
  /** The first, from 0. */
  start?: number | undefined;
  /** The one after the last. */
  end?: number | undefined;
}

/** When to put an object, or delete it. */
export interface PutOptions extends Options {
  /** Only where the key has this entity tag now; null: where nothing is there. */
  expect?: string | null | undefined;
}

/** What to list. */
export interface ListOptions extends Options {
  /** What the keys begin with. */
  prefix: string;
  /** Keys with this after the prefix are listed as one prefix, that ends with it. */
  delimiter?: "/" | undefined;
  /** Lists keys after this one only. */
  after?: string | undefined;
  /** Where the page before ended. */
  cursor?: string | undefined;
  /** How many entries a page has at most. Default: what the bucket gives, mostly 1000. */
  limit?: number | undefined;
}

/** Part of a list, in the order of the bytes of the keys. */
export interface Page {
  /** The objects. */
  readonly objects: readonly ObjectFacts[];
  /** What several keys begin with. */
  readonly prefixes: readonly string[];
  /** Where the next page begins; undefined at the end. */
  readonly cursor?: string | undefined;
}

/** An upload of one object in parts, all of one size but the last. */
export interface Multipart {
  /** Its key. */
  readonly key: string;
  /** The bucket's name for the upload. */
  readonly id: string;
}

/** A part that is there. */
export interface UploadedPart {
  /** From 1 to 10,000. */
  readonly number: number;
  /** Its entity tag. */
  readonly etag: string;
}

/**
 * A bucket of objects. Whatever it has acknowledged is durable, and seen by all who ask from then on. Its methods throw
 * `GantryError`s: `unavailable` when it does not answer, `storage` when it refuses.
 */
export interface Bucket {
  /** What it is called in messages: `s3://images at localhost:9000`. */
  readonly name: string;
  /** Bytes of the parts of uploads. Default: 8 MiB. */
  readonly partSize?: number | undefined;
  /** What is known of an object, if it is there. */
  head(key: string, options?: Options): Promise<ObjectFacts | undefined>;
  /** An object's bytes, if it is there. */
  get(key: string, options?: GetOptions): Promise<OpenObject | undefined>;
  /**
   * Puts an object whole, and gives its entity tag. Of several that expect the same, one succeeds.
   *
   * @throws {GantryError} `conflict` where what is there is not what was expected; with a `cause` where it may have been
   * put all the same, as the answer to an earlier try was lost.
   */
  put(key: string, bytes: Bytes, options?: PutOptions): Promise<string>;
  /**
   * Removes an object, if it is there. A bucket that cannot compare removes it whatever was expected.
   *
   * @throws {GantryError} `conflict` where what is there is not what was expected.
   */
  delete(key: string, options?: PutOptions): Promise<void>;
  /**
   * Makes an object of another one's bytes, which stay in the bucket, however many there are. R2's binding cannot do it.
   *
   * @throws {GantryError} `not-found` where nothing is to be copied.
   */
  copy?(from: ObjectFacts, to: string, options?: Options): Promise<void>;
  /** A URL at which whoever has it may read an object for some minutes. Not every bucket has one. */
  presigned?(key: string, options?: Options): Promise<string>;
  /** One page of the keys. */
  list(options: ListOptions): Promise<Page>;
  /** Begins an upload in parts. */
  startMultipart(key: string, options?: Options): Promise<Multipart>;
  /** Uploads a part; one of the same number is replaced. The caller uses the memory again once it is there. */
  putPart(multipart: Multipart, number: number, bytes: Bytes, options?: Options): Promise<UploadedPart>;
  /**
   * Makes an object of the parts. Where that is done already it may fail, or succeed without a look at the parts: the
   * caller has to know that nobody else does it with others.
   */
  completeMultipart(multipart: Multipart, parts: readonly UploadedPart[], options?: Options): Promise<void>;
  /** Forgets the parts, if the upload is there. */
  abortMultipart(multipart: Multipart, options?: Options): Promise<void>;
}
