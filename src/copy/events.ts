import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";

/** What a copy tells as it goes on. `id` stays the same for all events of one part. */
export type CopyEvent =
  /** Bytes are about to be written; a one-shot stream has no digest and size yet. */
  | { type: "start"; id: number; mediaType: string; digest?: Digest | undefined; size?: number | undefined }
  /** So many bytes have been read, in all, those of an earlier attempt included. */
  | { type: "progress"; id: number; bytes: number }
  /** They are there: found, mounted or written. */
  | { type: "done"; id: number; descriptor: Descriptor; how: "present" | "mounted" | "written" }
  /** A layer that is not to be distributed was left out. */
  | { type: "skipped"; id: number; mediaType: string; digest?: Digest | undefined };
