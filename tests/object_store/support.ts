/** What the tests of stores in buckets share. */

import type { Bucket } from "../../src/objects/mod.ts";
import { Keys } from "../../src/objects/keys.ts";
import { BucketBlobs } from "../../src/object_store/blobs.ts";
import { requiredBlob } from "../../src/object_store/blob_value.ts";
import { BucketMetadata } from "../../src/object_store/metadata.ts";
import { objectStore } from "../../src/object_store/mod.ts";
import { type Digest, parseDigest } from "../../src/spec/digest.ts";
import type { Place } from "../store/support.ts";
import type { Store, StoreOptions } from "../../src/store/mod.ts";
import { everything } from "../objects/bucket_suite.ts";

/** Opens a bucket once for all tests, and gives each of them a store of its own in it. */
export function storesIn(open: () => Promise<Bucket>) {
  let opened: Promise<Bucket> | undefined;
  let last = 0;
  return async <T>(
    work: (there: Store, place: Place) => Promise<T>,
    options: StoreOptions = {},
  ): Promise<T> => {
    const bucket = await (opened ??= open());
    const prefix = `store-${++last}`;
    const again = (options: StoreOptions = {}) => objectStore({ bucket, prefix, ...options });
    await using there = again(options);
    return await work(there, { again, ...innards(bucket, prefix) });
  };
}

/** The records of a store. */
export function recordsOf(bucket: Bucket, prefix: string, tailSize?: number): BucketMetadata {
  return new BucketMetadata(bucket, { prefix: `${prefix}/store/records/`, requires: requiredBlob, tailSize });
}

/** What of a store only tests look at. */
export function innards(bucket: Bucket, prefix: string): Pick<Place, "blobs" | "makeOld"> {
  return {
    async blobs() {
      const records = recordsOf(bucket, prefix);
      const keys = new Keys(`${prefix}/store/`);
      const blobs = new BucketBlobs({
        bucket,
        keys,
        grace: 0,
        expiry: 0,
        clock: () => performance.now(),
        partSize: 1,
      }, records);
      const found: Digest[] = [];
      for await (const { digest } of blobs.all()) found.push(digest);
      const objects = await everything(bucket, `${prefix}/store/data/`);
      if (objects.length !== found.length) {
        throw new Error(`${found.length} blobs, ${objects.length} objects`);
      }
      return found;
    },
    async makeOld(digest) {
      const records = recordsOf(bucket, prefix);
      const { value, version } = (await records.get("blobs", parseDigest(digest)))!;
      const changed = JSON.parse(value);
      changed.changed -= 3_700_000;
      const change = { bucket: "blobs", key: digest, value: JSON.stringify(changed), expect: version };
      if (!await records.commit([change])) throw new Error("somebody else has changed it");
    },
  };
}
