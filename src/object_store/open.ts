import type { Bucket } from "../objects/bucket.ts";
import { openBucket } from "../objects/open.ts";
import { openStore } from "../store/opened.ts";
import type { Store, StoreOptions } from "../store/types.ts";
import { requiredBlob } from "./blob_value.ts";
import { BucketBlobs } from "./blobs.ts";
import { BucketMetadata } from "./metadata.ts";

/** How to open a store in a bucket. */
export interface ObjectStoreOptions extends Omit<StoreOptions, "link"> {
  /** What it is in. */
  bucket: Bucket;
  /** What the keys of all objects begin with: `images`. Default: nothing. */
  prefix?: string | undefined;
  /** Seconds after which a write or a lease is given up that nobody goes on with. Default: a day. */
  expiry?: number | undefined;
  /**
   * Bytes of the parts in which larger blobs are uploaded. Default: 16 MiB for S3, 8 MiB for others; S3 and R2 take no
   * less than 5 MiB.
   */
  partSize?: number | undefined;
}

/**
 * Opens a store in a bucket: images, content and leases as {@link store} has them, for any number of processes that have
 * no state of their own and may be killed at any moment. What is acknowledged is in the bucket. There are no locks; each
 * change of records is put only where nobody was faster, and is made anew otherwise.
 *
 * Beside what a store on a disk does, this differs: nobody knows whether a process still runs, so a write may be open
 * several times, of which the first one that is kept wins, and a lease without an end lasts for the time of expiry after
 * its holder was killed. A blob has no file.
 *
 * @throws {GantryError} `invalid-name` for a prefix that cannot be one, or what cannot be a namespace.
 *
 * @example
 * ```ts
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 * import { objectStore } from "@gantry/oci/object-store";
 * import { directory } from "@gantry/oci/objects/directory";
 *
 * await using images = objectStore({ bucket: directory(await Deno.makeTempDir()) });
 * await copy(emptyImage(), images.repository("acme/app"), { name: "v1" });
 * for await (const { name } of images.images.list()) console.log(name); // acme/app:v1
 * ```
 */
export function objectStore(options: ObjectStoreOptions): Store {
  return openObjectStore(options);
}

/** The same, with so many bytes of records that changed last in the root. */
export function openObjectStore(options: ObjectStoreOptions & { tailSize?: number | undefined }): Store {
  const { bucket, prefix = "", tailSize } = options;
  // Beside the repositories that `objects` may keep under the same prefix.
  const all = prefix === "" || prefix.endsWith("/") ? `${prefix}store/` : `${prefix}/store/`;
  const objects = openBucket({ ...options, prefix: all });
  const metadata = new BucketMetadata(bucket, { prefix: `${all}records/`, requires: requiredBlob, tailSize });
  const blobs = new BucketBlobs(objects, metadata);
  const directory = `${bucket.name}, ${all}`;
  return openStore({ directory, metadata, blobs, sessions: blobs.sessions }, options);
}
