/** How many bytes a second a client must send of a body, as long as somebody reads it. */
const slowest = 100;

/**
 * How fast a body comes. A byte now and then keeps a connection from falling silent, so silence is not all that is looked
 * for. Time in which nobody wanted more does not count.
 */
export class Pace {
  #bytes = 0;
  #waited = 0;
  #since: number | undefined;

  /** Somebody wants more. */
  wait(): void {
    this.#since ??= performance.now();
  }

  /** So many bytes came. */
  came(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Nobody wants more for now. */
  rest(): void {
    if (this.#since !== undefined) this.#waited += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** Whether too little came since this was asked the last time, at least half of which somebody must have waited. */
  isTooSlow(seconds: number): boolean {
    const waits = this.#since !== undefined;
    this.rest();
    const [bytes, waited] = [this.#bytes, this.#waited / 1000];
    [this.#bytes, this.#waited] = [0, 0];
    if (waits) this.wait();
    return waits && waited > seconds / 2 && bytes < waited * slowest;
  }
}

/** How long a client has been taking the piece of a body that is being sent to it. */
export class Taking {
  #since: number | undefined;

  /** Waits until a piece has left. */
  async wait(left: Promise<void>): Promise<void> {
    this.#since = performance.now();
    try {
      await left;
    } finally {
      this.#since = undefined;
    }
  }

  /** Whether it has been taking this piece for longer. */
  isTooSlow(seconds: number): boolean {
    return this.#since !== undefined && performance.now() - this.#since > seconds * 1000;
  }
}
