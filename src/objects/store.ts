import type { Bucket } from "./bucket.ts";
import type { Keys } from "./keys.ts";

/** What all repositories of a bucket share. */
export interface Store {
  readonly bucket: Bucket;
  readonly keys: Keys;
  /** Milliseconds that what nothing refers to is kept, at least. */
  readonly grace: number;
  /** Milliseconds after which an upload that nobody goes on with is given up. */
  readonly expiry: number;
  /** Milliseconds by a clock of this process that goes on evenly: only differences count. */
  readonly clock: () => number;
  /** Bytes of the parts of uploads. */
  readonly partSize: number;
}
