import type { Digest } from "../spec/digest.ts";
import type { Hasher } from "./engine.ts";

// A stream that breaks does not always dispose of its hasher: then the garbage collector ends it.
const registry = typeof FinalizationRegistry === "function"
  ? new FinalizationRegistry((end: () => void) => end())
  : undefined;

/** A hasher that counts as active until it ends, is disposed of or is collected: the best engine depends on how many are. */
export class CountedHasher implements Hasher {
  /** How many are active. */
  static active = 0;
  readonly #hasher: Hasher;
  readonly #end: () => void;

  constructor(hasher: Hasher) {
    let ended = false;
    CountedHasher.active++;
    this.#hasher = hasher;
    this.#end = () => {
      if (ended) return;
      ended = true;
      CountedHasher.active--;
      hasher[Symbol.dispose]?.();
    };
    registry?.register(this, this.#end, this);
  }

  update(chunk: Uint8Array): void | Promise<void> {
    return this.#hasher.update(chunk);
  }

  async digest(): Promise<Digest> {
    const digest = await this.#hasher.digest();
    this[Symbol.dispose]();
    return digest;
  }

  [Symbol.dispose](): void {
    registry?.unregister(this);
    this.#end();
  }
}
