/** Runs work one at a time for each key. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs the work after all work that was given earlier under the same key, whether that failed or not. Whoever waits leaves
   * with the signal.
   */
  async run<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last.get(key);
    const running = before ? leaving(before, signal).then(work) : work();
    const settled = Promise.allSettled([before, running]).then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
    this.#last.set(key, settled);
    return await running;
  }
}

/** The same promise, which fails when the signal aborts first. */
function leaving(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve).finally(() => signal.removeEventListener("abort", leave));
  });
}
