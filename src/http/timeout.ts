/** A signal that ends when the caller's does, or when the other side keeps us waiting too long. */
export class Watch {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #late: () => Error;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer: AbortSignal | undefined, late: () => Error) {
    this.signal = this.#controller.signal;
    this.#outer = outer;
    this.#late = late;
    if (outer?.aborted) this.#controller.abort(outer.reason);
    else outer?.addEventListener("abort", this.#abort, { once: true });
  }

  readonly #abort = () => {
    this.rest();
    this.#controller.abort(this.#outer?.reason);
  };

  /** Gives the other side so much time from now on. */
  wait(milliseconds: number): void {
    this.rest();
    this.#timer = setTimeout(() => this.#controller.abort(this.#late()), milliseconds);
  }

  /** Stops the clock: it is not the other side that we wait for. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  /** Stops watching. */
  end(): void {
    this.rest();
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}

/** The caller's signal, heard some time later: what is nearly done gets done. Call `end` when it is. */
export function grace(
  signal: AbortSignal | undefined,
  milliseconds: number,
): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const abort = () => void (timer ??= setTimeout(() => controller.abort(signal?.reason), milliseconds));
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    },
  };
}
