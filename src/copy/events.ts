import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";

/** Progress of a copy. `id` is the same in all events of one part. */
export type CopyEvent =
  /** A part is about to be written. A one-shot stream has no digest and size yet. */
  | { type: "start"; id: number; mediaType: string; digest?: Digest | undefined; size?: number | undefined }
  /** So many bytes of an earlier attempt are there already; reading goes on behind them. */
  | { type: "resumed"; id: number; bytes: number }
  /** How many bytes have been read in all, those of an earlier attempt included. */
  | { type: "progress"; id: number; bytes: number }
  /** The part is in the target: found there, mounted or written. */
  | { type: "done"; id: number; descriptor: Descriptor; how: "present" | "mounted" | "written" }
  /** A non-distributable layer was left out. */
  | { type: "skipped"; id: number; mediaType: string; digest?: Digest | undefined };
