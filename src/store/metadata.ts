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

/** All records of a bucket whose keys begin with a prefix, read page by page. */
export async function* listAll(
  metadata: Metadata,
  bucket: string,
  options: ListOptions = {},
): AsyncGenerator<Entry, void, void> {
  const { prefix, limit = 1000, signal } = options;
  for (let after = options.after;;) {
    const page = await metadata.list(bucket, { prefix, after, limit, signal });
    yield* page;
    if (page.length < limit) return;
    after = page.at(-1)!.key;
  }
}
