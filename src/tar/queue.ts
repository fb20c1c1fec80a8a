import type { Bytes } from "../bytes.ts";

const none = new Uint8Array(0);

/** Chunks in, blocks out: a block that lies in one chunk is not copied. */
export class ByteQueue {
  #chunk: Bytes = none;
  #at = 0;
  #partial: Bytes | undefined;
  #filled = 0;
  #taken = 0;

  /** How many bytes have been given out or skipped. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether a block has begun but not ended. */
  get midway(): boolean {
    return this.#partial !== undefined;
  }

  /** Adds a chunk; all bytes of the last one must be gone. */
  feed(chunk: Bytes): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next `length` bytes, good until the next chunk is fed; `undefined` when they are not all here. */
  take(length: number): Bytes | undefined {
    const here = this.#chunk.length - this.#at;
    if (!this.#partial) {
      if (here >= length) return this.#give(length);
      if (here === 0) return undefined;
      this.#partial = new Uint8Array(length);
      this.#filled = 0;
    }
    const piece = this.#chunk.subarray(this.#at, this.#at + length - this.#filled);
    this.#partial.set(piece, this.#filled);
    this.#at += piece.length;
    this.#filled += piece.length;
    if (this.#filled < length) return undefined;
    const block = this.#partial;
    this.#partial = undefined;
    this.#taken += length;
    return block;
  }

  /** What is here of the next `length` bytes, uncopied; `undefined` when nothing is. */
  some(length: number): Bytes | undefined {
    const here = Math.min(length, this.#chunk.length - this.#at);
    return here > 0 ? this.#give(here) : undefined;
  }

  /** Leaves out up to `length` bytes and tells how many. */
  skip(length: number): number {
    const here = Math.min(length, this.#chunk.length - this.#at);
    this.#at += here;
    this.#taken += here;
    return here;
  }

  #give(length: number): Bytes {
    this.#taken += length;
    return this.#chunk.subarray(this.#at, this.#at += length);
  }
}
