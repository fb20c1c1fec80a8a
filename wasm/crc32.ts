/**
 * CRC-32.
 *
 * @module
 */

import { type Core, type CoreExports, instantiate } from "./core.ts";

/** CRC-32 (that of gzip) of a stream. */
export class Crc32 {
  #core: CoreExports;
  #memory: Uint8Array<ArrayBuffer>;

  /** Of nothing so far. */
  constructor(core: Core) {
    const { exports, memory } = instantiate(core, "CRC_JOB_END");
    this.#core = exports;
    this.#memory = memory;
    exports.crcReset();
  }

  /** Takes more bytes. */
  update(bytes: Uint8Array): this {
    const input = Number(this.#core.CRC_INPUT.value), size = Number(this.#core.CRC_INPUT_SIZE.value);
    for (let at = 0; at < bytes.byteLength; at += size) {
      const part = bytes.subarray(at, at + size);
      this.#memory.set(part, input);
      this.#core.crcUpdate(input, part.byteLength);
    }
    return this;
  }

  /** The CRC-32 of all bytes so far. */
  get value(): number {
    return this.#core.crcValue() >>> 0;
  }

  /** Begins again. */
  reset(): this {
    this.#core.crcReset();
    return this;
  }
}

/** The CRC-32 of two byte strings joined, from the CRC-32 of each and the second's length. */
export function crc32Combine(first: number, second: number, length: number): number {
  // x^(8·length) by squaring, times the first; bit 31 is x^0 (see assembly/crc32.ts).
  let power = 0x00800000, product = first >>> 0;
  for (let n = length; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) product = multiply(product, power);
    power = multiply(power, power);
  }
  return (product ^ second) >>> 0;
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (; a !== 0; a <<= 1) {
    if (a < 0 || a > 0x7fffffff) product ^= b;
    b = (b >>> 1) ^ (0xedb88320 & -(b & 1));
  }
  return product >>> 0;
}
