import { GantryError } from "../errors.ts";
import type { Bucket } from "./bucket.ts";
import { Keys } from "./keys.ts";
import type { Store } from "./store.ts";

/** What repositories of a bucket share, before it is checked. */
export interface OpenOptions {
  bucket: Bucket;
  prefix?: string | undefined;
  grace?: number | undefined;
  expiry?: number | undefined;
  partSize?: number | undefined;
  clock?: (() => number) | undefined;
}

/**
 * What repositories of a bucket share. Times become milliseconds here.
 *
 * @throws {GantryError} `invalid-name` for a prefix that cannot be one.
 */
export function openBucket(options: OpenOptions): Store {
  const { bucket, prefix = "", grace = 3600, expiry = 24 * 3600 } = options;
  const { partSize = bucket.partSize ?? 8 * 1024 * 1024 } = options;
  const { clock = () => performance.now() } = options;
  const begin = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  if (/^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*$/.test(begin)) {
    return { bucket, keys: new Keys(begin), grace: grace * 1000, expiry: expiry * 1000, clock, partSize };
  }
  throw new GantryError("invalid-name", `open ${bucket.name}: ${JSON.stringify(prefix)} cannot be a prefix`);
}
