import type { Digest } from "../spec/digest.ts";
import type { Hasher } from "./engine.ts";

// Streams break, and not everybody disposes of what belonged to them.
const forgotten = typeof FinalizationRegistry === "function"
  ? new FinalizationRegistry((end: () => void) => end())
  : undefined;

/** A hasher that is known to be at work until it ends, is given up or forgotten: the best engine depends on how many are. */
export class CountedHasher implements Hasher {
  /** How many there are. */
  static count = 0;
  readonly #hasher: Hasher;
  readonly #end: () => void;

  constructor(hasher: Hasher) {
    let ended = false;
    CountedHasher.count++;
    this.#hasher = hasher;
    this.#end = () => {
      if (ended) return;
      ended = true;
      CountedHasher.count--;
      hasher[Symbol.dispose]?.();
    };
    forgotten?.register(this, this.#end, this);
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
    forgotten?.unregister(this);
    this.#end();
  }
}
