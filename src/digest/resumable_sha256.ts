import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";

/** What a hash in the making is, between two processes. */
export interface Sha256State {
  /** The eight words of FIPS 180-4. */
  readonly words: readonly number[];
  /** How many bytes there were. */
  readonly length: number;
  /** Those that do not fill a block yet, in base64. */
  readonly rest: string;
}

const blockSize = 64;

/** The first 32 bits of the fractional parts of the square or cube roots of the first primes: FIPS 180-4, 4.2.2, 5.3.3. */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const found = new Int32Array(count);
  for (let candidate = 2, at = 0; at < count; candidate++) {
    let prime = true;
    for (let by = 2; by * by <= candidate; by++) if (candidate % by === 0) prime = false;
    if (prime) found[at++] = (root(candidate) % 1) * 2 ** 32;
  }
  return found;
}

const initial = fractions(8, Math.sqrt);
const constants = fractions(64, Math.cbrt);

/**
 * sha256 that can be stopped, kept and gone on with in another process, of any runtime: none has a hash that gives away
 * its state, and hash-wasm's does not start in Workers, which compile no WASM. It is slower than the runtime's own.
 */
export class ResumableSha256 {
  /** As other hashes have it that are not always sha256. */
  readonly algorithm = "sha256";
  readonly #words: Int32Array;
  readonly #schedule = new Int32Array(64);
  readonly #rest = new Uint8Array(blockSize);
  #length = 0;

  /** Begins, or goes on from a state. */
  constructor(state?: Sha256State) {
    this.#words = Int32Array.from(state?.words ?? initial);
    if (!state) return;
    const rest = Uint8Array.from(atob(state.rest), (character) => character.charCodeAt(0));
    const { length } = state;
    if (this.#words.length !== 8 || !Number.isSafeInteger(length) || rest.length !== length % blockSize) {
      throw new GantryError("invalid-document", "go on with a hash: not the state of one");
    }
    this.#rest.set(rest);
    this.#length = length;
  }

  /** How many bytes there were. */
  get length(): number {
    return this.#length;
  }

  /** What another process needs to go on. */
  get state(): Sha256State {
    const rest = String.fromCharCode(...this.#rest.subarray(0, this.#length % blockSize));
    return { words: [...this.#words], length: this.#length, rest: btoa(rest) };
  }

  /** Takes the next bytes. */
  update(bytes: Uint8Array): void {
    let at = 0;
    const held = this.#length % blockSize;
    this.#length += bytes.byteLength;
    if (held > 0) {
      at = Math.min(blockSize - held, bytes.byteLength);
      this.#rest.set(bytes.subarray(0, at), held);
      if (held + at < blockSize) return;
      this.#compress(this.#rest, 0);
    }
    for (; at + blockSize <= bytes.byteLength; at += blockSize) this.#compress(bytes, at);
    this.#rest.set(bytes.subarray(at));
  }

  /** The digest of the bytes so far; more may follow. */
  digest(): Digest {
    const end = new ResumableSha256(this.state);
    const bits = this.#length * 8;
    // A one, zeros, and the length, up to the end of a block.
    const padding = new Uint8Array(9 + (119 - this.#length % blockSize) % blockSize);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(padding.length - 4, bits % 2 ** 32);
    end.update(padding);
    return `sha256:${[...end.#words].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")}`;
  }

  /** FIPS 180-4, 6.2.2. */
  #compress(bytes: Uint8Array, at: number): void {
    const w = this.#schedule, h = this.#words, k = constants;
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!, y = w[i - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    // An array to be taken apart would cost half of the speed.
    let a = h[0]!, b = h[1]!, c = h[2]!, d = h[3]!, e = h[4]!, f = h[5]!, g = h[6]!, p = h[7]!;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t = (p + s1 + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const u = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      p = g;
      g = f;
      f = e;
      e = (d + t) | 0;
      d = c;
      c = b;
      b = a;
      a = (t + u) | 0;
    }
    h[0]! += a, h[1]! += b, h[2]! += c, h[3]! += d;
    h[4]! += e, h[5]! += f, h[6]! += g, h[7]! += p;
  }
}
