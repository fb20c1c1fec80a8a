/**
 * What the store keeps its records in: small texts under keys, in buckets, changed by compare-and-set.
 *
 * @module
 */

import type { Options } from "../content/contracts.ts";

/** What a record is at some moment. Another version may be another value; to be compared with `===` and nothing else. */
export type Version = number | string;

/** A record. */
export interface Entry {
  /** Its name in its bucket. */
  readonly key: string;
  /** What it says. */
  readonly value: string;
  /** Which of its versions this is. */
  readonly version: Version;
}

/** Which records to list. */
export interface ListOptions extends Options {
  /** Only keys that begin so. Default: all. */
  prefix?: string | undefined;
  /** Only keys behind this one, which begins with the prefix too. Default: all. */
  after?: string | undefined;
  /** How many records, at most. Default: 1000. */
  limit?: number | undefined;
}

/** What happens to one record. */
export interface Change {
  /** The bucket it is in. */
  readonly bucket: string;
  /** Its name there. */
  readonly key: string;
  /** What it says from now on; null removes it. Default: what it says now, in a new version; it must be there then. */
  readonly value?: string | null | undefined;
  /** The version that must be there, null for none. Default: any, or none. */
  readonly expect?: Version | null | undefined;
}

/** Records in buckets. Buckets come with their first record. */
export interface Metadata extends AsyncDisposable {
  /** A record, if it is there. */
  get(bucket: string, key: string, options?: Options): Promise<Entry | undefined>;
  /** Some records, in the order of their keys' bytes. */
  list(bucket: string, options?: ListOptions): Promise<Entry[]>;
  /**
   * Does all changes or none, and for good. False, with nothing done, when a record is not what one of them expects:
   * then look again.
   *
   * @throws {GantryError} `unavailable` when others keep it locked, `storage` when the disk is full or refuses.
   */
  commit(changes: readonly Change[], options?: Options): Promise<boolean>;
}

/** How many records the first page has, and each after that; who wants few need not wait for many. */
const [firstPage, nextPage] = [64, 1000];

/** All records of a bucket whose keys begin with a prefix, page by page. */
export async function* listPages(
  metadata: Metadata,
  bucket: string,
  options: Omit<ListOptions, "limit"> = {},
): AsyncGenerator<Entry[], void, void> {
  for (let { after } = options, limit = firstPage;; limit = nextPage) {
    const page = await metadata.list(bucket, { ...options, after, limit });
    yield page;
    if (page.length < limit) return;
    after = page.at(-1)!.key;
  }
}

/** All records of a bucket whose keys begin with a prefix. */
export async function* listAll(
  metadata: Metadata,
  bucket: string,
  options: Omit<ListOptions, "limit"> = {},
): AsyncGenerator<Entry, void, void> {
  for await (const page of listPages(metadata, bucket, options)) yield* page;
}
