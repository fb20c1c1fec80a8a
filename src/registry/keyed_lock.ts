/** Runs work one at a time for each key. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs the work after all work that was given earlier under the same key, whether that failed or not. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const running = before ? before.then(work) : work();
    const settled = running.then(() => {}, () => {});
    this.#last.set(key, settled);
    try {
      return await running;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
