import { type Bytes, chunksOf, readAll, streamOfPieces } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** Bytes that can be read from any place on. A `Blob` is this; so is a file, or an object in a store that gives ranges. */
export interface Slices {
  /** How many there are. */
  readonly size: number;
  /** Those from `start` up to `end`, read when the stream is. */
  slice(start: number, end: number): {
    /** The bytes. */
    stream(): ReadableStream<Bytes>;
  };
}

/** Part of some bytes: just as many as asked for, or an error. Nothing is opened before it is read. */
export function readSlice(
  from: Slices,
  [start, end]: readonly [start: number, end: number],
  what: string,
  signal?: AbortSignal,
): ReadableStream<Bytes> {
  return streamOfPieces(pieces());

  async function* pieces(): AsyncGenerator<Bytes, void, void> {
    let at = start;
    if (at === end) return;
    for await (const chunk of chunksOf(from.slice(start, end).stream(), signal)) {
      at += chunk.byteLength;
      if (at > end) break;
      yield chunk;
    }
    if (at === end) return;
    throw new GantryError("size-mismatch", `read ${what}: it ends at byte ${at}, expected ${end}`);
  }
}

/** A small part of some bytes, whole. */
export function readBytes(
  from: Slices,
  range: readonly [start: number, end: number],
  what: string,
  signal?: AbortSignal,
): Promise<Bytes> {
  return readAll(readSlice(from, range, what, signal), { limit: range[1] - range[0], what, signal });
}
