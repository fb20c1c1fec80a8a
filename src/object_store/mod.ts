/**
 * containerd's image model in a bucket: images, content, labels, leases and garbage collection for any number of
 * processes, as `@gantry/oci/store` has them on a disk.
 *
 * @module
 */

export type { Bucket } from "../objects/bucket.ts";
export type { Store, StoreOptions } from "../store/mod.ts";
export { objectStore, type ObjectStoreOptions } from "./open.ts";
