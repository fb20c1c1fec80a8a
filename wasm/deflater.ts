/**
 * DEFLATE in chunks that can be compressed anywhere and joined.
 *
 * @module
 */

import { type Core, type CoreExports, instantiate } from "./core.ts";

/** How hard to compress: fast, balanced, small. */
export type Level = 1 | 6 | 9;

/** The chunk that all callers use, so that the bytes depend on the input and the level alone. */
export const CHUNK_SIZE = 524288;

/** How far back a match may reach, and so how much of the input before a chunk is used. */
export const DICTIONARY_SIZE = 32768;

/** A compressed chunk. */
export interface DeflatedChunk {
  /** Raw DEFLATE; whole bytes, so that the next chunk's follow. */
  bytes: Uint8Array<ArrayBuffer>;
  /** CRC-32 of the chunk's input. */
  crc32: number;
}

/**
 * Compresses chunks of a raw DEFLATE stream. A chunk needs nothing but its bytes and the 32 KiB before it, so chunks may be
 * compressed in any order by any number of deflaters; joined in order they are the stream. The bytes are the same on every engine.
 *
 * @example
 * ```ts
 * import { loadCore } from "./core.ts";
 * import { Deflater } from "./deflater.ts";
 *
 * const deflater = new Deflater(await loadCore());
 * const input = new Uint8Array(600_000);
 * const first = deflater.deflate(input.subarray(0, 524288), { level: 1 });
 * const second = deflater.deflate(input.subarray(524288), {
 *   level: 1,
 *   dictionary: input.subarray(524288 - 32768, 524288),
 *   final: true,
 * });
 * console.log(first.bytes.length + second.bytes.length);
 * ```
 */
export class Deflater {
  /** The buffer for the next chunk, in WASM memory: 32 KiB for the input before it, then the chunk. */
  readonly input: Uint8Array<ArrayBuffer>;
  #core: CoreExports;
  #memory: Uint8Array<ArrayBuffer>;
  #output: number;

  /** A deflater in memory of its own, 3.6 MiB. */
  constructor(core: Core) {
    const { exports, memory } = instantiate(core, "DEFLATE_END");
    const at = Number(exports.CHUNK.value);
    this.input = memory.subarray(at - DICTIONARY_SIZE, at + CHUNK_SIZE);
    this.#core = exports;
    this.#memory = memory;
    this.#output = Number(exports.OUTPUT.value);
  }

  /**
   * Compresses a chunk of up to 512 KiB. `dictionary` is the input before it, up to 32 KiB. A `final` chunk ends the stream; any other
   * ends with an empty stored block, at a byte boundary.
   *
   * @throws RangeError when chunk or dictionary is too long
   */
  deflate(
    chunk: Uint8Array,
    options: { level: Level; dictionary?: Uint8Array | undefined; final?: boolean | undefined },
  ): DeflatedChunk {
    const { level, dictionary, final = false } = options;
    const before = dictionary?.byteLength ?? 0, length = chunk.byteLength;
    if (length > CHUNK_SIZE) {
      throw new RangeError(`deflate: ${length} bytes, a chunk has at most ${CHUNK_SIZE}`);
    }
    if (before > DICTIONARY_SIZE) {
      throw new RangeError(`deflate: a dictionary of ${before} bytes, at most ${DICTIONARY_SIZE} are used`);
    }
    if (dictionary) this.input.set(dictionary, DICTIONARY_SIZE - before);
    this.input.set(chunk, DICTIONARY_SIZE);
    return this.deflateInput(length, { level, before, final });
  }

  /** As {@linkcode deflate}, for a chunk that is in {@linkcode input} already, after `before` bytes. */
  deflateInput(length: number, options: { level: Level; before: number; final: boolean }): DeflatedChunk {
    const size = this.#core.deflate(options.before, length, options.level, options.final);
    return {
      bytes: this.#memory.slice(this.#output, this.#output + size),
      crc32: this.#core.crcValue() >>> 0,
    };
  }
}
