/**
 * A streaming decoder of raw DEFLATE.
 *
 * @module
 */

import { type Core, type CoreExports, instantiate } from "./core.ts";

/** The most that {@linkcode Inflater.push} takes at once. */
export const INPUT_SIZE = 65536;

const DONE = 2;

/** Reasons by the module's error codes; threads have them too. */
export const inflateReasons: Record<number, string> = {
  3: "a block of unknown type",
  4: "a stored block whose length and its complement disagree",
  5: "a block whose code lengths are no code",
  6: "bits that are no code",
  7: "a match that begins before the output",
};

/** Input that is not DEFLATE. */
export class InflateError extends Error {
  override name = "InflateError";
  /** What is wrong. */
  reason: string;
  /** Where, in bytes from the beginning of the stream; within a symbol's length. */
  offset: number;

  /** An error at an offset of the input. */
  constructor(reason: string, offset: number) {
    super(`inflate: ${reason} at byte ${offset}`);
    this.reason = reason;
    this.offset = offset;
  }
}

/**
 * Decodes a raw DEFLATE stream. Push input, read until there is nothing more, push again. It stops at the end of the stream and knows
 * how much of the input was not part of it. Memory is fixed, about 450 KiB, whatever the input.
 *
 * @example
 * ```ts
 * import { loadCore } from "./core.ts";
 * import { Inflater } from "./inflater.ts";
 *
 * const inflater = new Inflater(await loadCore());
 * inflater.push(new Uint8Array([0x4b, 0x4c, 0x04, 0x00, 0xff]));
 * for (let piece; (piece = inflater.read());) console.log(piece); // Uint8Array [97, 97]
 * console.log(inflater.done, inflater.unused); // true 1
 * ```
 */
export class Inflater {
  #core: CoreExports;
  #memory: Uint8Array<ArrayBuffer>;
  #input: number;
  #pushed = 0;
  #produced = 0;
  #answer = 0;

  /** A decoder at the beginning of a stream. */
  constructor(core: Core) {
    const { exports, memory } = instantiate(core, "INFLATE_END");
    this.#core = exports;
    this.#memory = memory;
    this.#input = Number(exports.INFLATE_INPUT.value);
    exports.inflateReset();
  }

  /** Begins another stream. */
  reset(): void {
    this.#core.inflateReset();
    this.#pushed = this.#produced = this.#answer = 0;
  }

  /**
   * Gives it up to 64 KiB of input, which is copied. All output of the input before must have been read.
   *
   * @throws RangeError when there is too much, or output of earlier input is left
   */
  push(bytes: Uint8Array): void {
    if (bytes.byteLength > INPUT_SIZE) throw new RangeError(`inflate: ${bytes.byteLength} bytes at once`);
    if (this.#answer !== 0) {
      throw new RangeError("inflate: pushed before everything was read, or after the end");
    }
    this.#memory.set(bytes, this.#input);
    this.#core.inflateInput(bytes.byteLength);
    this.#pushed += bytes.byteLength;
    this.#answer = 1;
  }

  /**
   * The next piece of output, 64 KiB and a little at most; nothing when it wants input, and at the end.
   *
   * @throws InflateError when the input is not DEFLATE; what came before the error has been read
   */
  read(): Uint8Array<ArrayBuffer> | undefined {
    while (this.#answer === 1) {
      this.#answer = this.#core.inflate();
      const begin = this.#core.pieceBegin(), length = this.#core.pieceLength();
      this.#produced += length;
      if (length > 0) return this.#memory.slice(begin, begin + length);
    }
    if (this.#answer > DONE) throw new InflateError(inflateReasons[this.#answer] ?? "unknown", this.used);
    return undefined;
  }

  /** Whether the stream has ended. There may be output left: `read` until there is none. */
  get done(): boolean {
    return this.#answer === DONE;
  }

  /** Bytes of input that belong to the stream so far. */
  get used(): number {
    return this.#pushed - this.unused;
  }

  /** Bytes of the last push that do not belong to the stream: what follows it, once it is done. */
  get unused(): number {
    return this.#core.inflateUnused();
  }

  /** Bytes of output so far. */
  get length(): number {
    return this.#produced;
  }

  /** CRC-32 of the output so far. */
  get crc32(): number {
    return this.#core.crcValue() >>> 0;
  }
}
