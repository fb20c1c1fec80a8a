import type { Bytes } from "../bytes.ts";
import type { Digest } from "../spec/digest.ts";

/** How many bytes are kept, of all documents and of each. */
const [most, largest] = [16 * 1024 * 1024, 1024 * 1024];

/** Documents that have been read and verified; those that nobody has wanted for the longest time go first. */
export class Documents {
  readonly #kept = new Map<Digest, Bytes>();
  #size = 0;

  get(digest: Digest): Bytes | undefined {
    const bytes = this.#kept.get(digest);
    if (bytes) {
      this.#kept.delete(digest);
      this.#kept.set(digest, bytes);
    }
    return bytes;
  }

  keep(digest: Digest, bytes: Bytes): void {
    if (this.#kept.has(digest) || bytes.byteLength > largest) return;
    this.#kept.set(digest, bytes);
    this.#size += bytes.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#size <= most) break;
      this.#kept.delete(oldest);
      this.#size -= byteLength;
    }
  }
}
