import { type Bytes, skipping, streamOf } from "../bytes.ts";
import { verifying } from "../digest/verify.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import type { Options } from "./contracts.ts";

/**
 * How to read part of some bytes. The digest of the whole says nothing of a part, so a part is verified by the digest
 * that a table of contents gives for it, or it is asked for unverified.
 */
export type RangeOptions =
  & Options
  & (
    /** What the part hashes to. */
    | { digest: Digest; unverified?: false | undefined }
    /** The caller checks the bytes, or does without. */
    | { unverified: true; digest?: undefined }
  );

/** Part of some bytes. */
export interface Range {
  /** The first byte, from 0. */
  start: number;
  /** The byte after the last one. */
  end: number;
  /** How many bytes there are in all, if known. */
  size?: number | undefined;
  /** What is read, for errors: `layer sha256:…`. */
  what: string;
}

/**
 * Reads part of some bytes that `open` opens: exactly as many as asked for, with the right digest if one was given.
 *
 * @throws {GantryError} `size-mismatch` when the part is not inside the bytes, or, from the stream, when there are more
 * or fewer; from the stream, `digest-mismatch`.
 */
export async function readRange(
  { start, end, size, what }: Range,
  options: RangeOptions,
  open: (options: Options & { start: number; end: number }) => Promise<ReadableStream<Bytes>>,
): Promise<ReadableStream<Bytes>> {
  const part = `bytes ${start} to ${end} of ${what}`;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`read ${part}: not a range`);
  }
  if (options.digest === undefined && !options.unverified) {
    throw new TypeError(`read ${part}: neither a digest to verify it by nor "unverified"`);
  }
  if (size !== undefined && end > size) {
    throw new GantryError("size-mismatch", `read ${part}: there are only ${size} bytes`);
  }
  const length = end - start;
  // An HTTP request cannot ask for no bytes.
  const bytes = length === 0
    ? streamOf(new Uint8Array(0))
    : await open({ start, end, signal: options.signal });
  const { digest } = options;
  return bytes.pipeThrough(
    digest === undefined ? exactly(length, part) : verifying({ digest, size: length }, { what: part }),
  );
}

/** Lets bytes pass, and fails unless there are this many. */
function exactly(length: number, what: string): TransformStream<Bytes, Bytes> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > length) {
        throw new GantryError("size-mismatch", `read ${what}: more than the expected ${length} bytes`);
      }
      controller.enqueue(chunk);
    },
    flush() {
      if (seen === length) return;
      throw new GantryError("size-mismatch", `read ${what}: ${seen} bytes, expected ${length}`);
    },
  });
}

/** The bytes of a stream from `start` up to `end`, for what can only be read from its beginning. */
export function sliceStream(
  bytes: ReadableStream<Bytes>,
  start: number,
  end: number,
): ReadableStream<Bytes> {
  let left = end - start;
  return skipping(bytes, start).pipeThrough(
    new TransformStream<Bytes, Bytes>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left -= chunk.byteLength;
        if (left <= 0) controller.terminate();
      },
    }),
  );
}
