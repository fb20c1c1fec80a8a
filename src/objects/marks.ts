import type { Bytes } from "../bytes.ts";

/** How many bits one mark sets. */
const bitsPerMark = 7;

/**
 * A set of words in memory of a fixed size, whatever their number: a Bloom filter. It never forgets one; it may take a
 * few for marked that are not, and other ones with another salt.
 */
export class Marks {
  readonly salt: number;
  readonly #bits: Bytes;

  /** `bits` are those of an earlier one with the same salt, or of a size. */
  constructor(bits: Bytes | number, salt: number) {
    this.#bits = typeof bits === "number" ? new Uint8Array(bits) : bits;
    this.salt = salt;
  }

  /** What another process needs to go on with it. */
  get bytes(): Bytes {
    return this.#bits;
  }

  /** Marks a word. */
  add(word: string): void {
    for (const at of this.#places(word)) this.#bits[at >>> 3]! |= 1 << (at & 7);
  }

  /** Whether a word is marked. */
  has(word: string): boolean {
    return this.#places(word).every((at) => this.#bits[at >>> 3]! & (1 << (at & 7)));
  }

  /** https://www.eecs.harvard.edu/~michaelm/postscripts/rsa2008.pdf: two hashes do for all the bits. */
  #places(word: string): number[] {
    const [a, b] = [hash(word, this.salt), (hash(word, ~this.salt) | 1) >>> 0];
    const count = this.#bits.byteLength * 8;
    return Array.from({ length: bitsPerMark }, (_, i) => (a + i * b) % count);
  }
}

/** FNV-1a, and the last steps of MurmurHash3, which spread what differs little. */
function hash(word: string, salt: number): number {
  let h = 0x811c9dc5 ^ salt;
  for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
