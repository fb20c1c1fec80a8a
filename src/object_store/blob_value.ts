import type { Digest } from "../spec/digest.ts";
import type { Entry } from "../store/metadata.ts";
import { valueOf } from "../store/records.ts";

/** The buckets of records that all namespaces share. Those of a namespace have a slash in their names. */
export const shared = {
  /** By digest: where the bytes of a blob are. */
  blobs: "blobs",
  /** By their names: the objects that no blob is in any longer, and that have yet to be removed. */
  trash: "trash",
  /** By their names: the leases that are held. */
  leases: "leases",
  /** By lease and digest: what a lease keeps. */
  noted: "noted",
} as const;

/** How records of blobs are written. */
export interface BlobValue {
  /** The object that its bytes are in. */
  data: string;
  /** Bytes. */
  size: number;
  /** When somebody last wrote or wanted it, by the clock of the bucket, in milliseconds since 1970. */
  changed: number;
}

/** What is known of a blob. */
export function blobOf(entry: Entry): BlobValue {
  return valueOf<BlobValue>(entry);
}

/** The digest that a record of a blob is of. */
export function digestOf({ key }: Entry): Digest {
  return key as Digest;
}

/** A record of content is only ever of a blob that is there. */
export function requiredBlob(bucket: string, key: string): { bucket: string; key: string } | undefined {
  return bucket.endsWith("/content") ? { bucket: shared.blobs, key } : undefined;
}
