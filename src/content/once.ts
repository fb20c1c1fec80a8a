/**
 * Work that is done once for all callers. A success is remembered, a failure is not, and work in progress is aborted
 * when the signal of the last caller that waits for it aborts.
 */
export class Once<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  #value: { value: T } | undefined;
  #running: Running<T> | undefined;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  /** The result. It is worked out by the first call. */
  get(signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#value) return Promise.resolve(this.#value.value);
    const running = this.#running ??= this.#start();
    return this.#wait(running, signal);
  }

  #start(): Running<T> {
    const abort = new AbortController();
    const running = { abort, waiting: 0, promise: this.#work(abort.signal) };
    this.#running = running;
    running.promise.then(
      (value) => this.#value = { value },
      () => {},
    ).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return running;
  }

  async #wait(running: Running<T>, signal?: AbortSignal): Promise<T> {
    running.waiting++;
    let leave: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
    });
    try {
      return await Promise.race([running.promise, left]);
    } finally {
      if (leave) signal?.removeEventListener("abort", leave);
      if (--running.waiting === 0 && this.#running === running && signal?.aborted) {
        // The next caller starts afresh instead of joining work that is being aborted.
        this.#running = undefined;
        running.abort.abort(signal.reason);
      }
    }
  }
}

interface Running<T> {
  promise: Promise<T>;
  abort: AbortController;
  waiting: number;
}
