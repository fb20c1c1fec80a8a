/** A signal that aborts when the caller's does, or when the other side takes too long. */
export class Timeout {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #errorOnTimeout: (milliseconds: number) => Error;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: AbortSignal | undefined, errorOnTimeout: (milliseconds: number) => Error) {
    this.signal = this.#controller.signal;
    this.#caller = caller;
    this.#errorOnTimeout = errorOnTimeout;
    if (caller?.aborted) this.#controller.abort(caller.reason);
    else caller?.addEventListener("abort", this.#abort, { once: true });
  }

  readonly #abort = () => {
    this.stop();
    this.#controller.abort(this.#caller?.reason);
  };

  /** Starts the clock anew: the other side has this many milliseconds from now on. */
  start(milliseconds: number): void {
    this.stop();
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#controller.abort(this.#errorOnTimeout(milliseconds)), milliseconds);
  }

  /** The same, unless the clock is stopped. */
  restart(milliseconds: number): void {
    if (this.#timer !== undefined) this.start(milliseconds);
  }

  /** Stops the clock while we are not waiting for the other side. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Stops the clock and no longer listens to the caller. */
  close(): void {
    this.#closed = true;
    this.stop();
    this.#caller?.removeEventListener("abort", this.#abort);
  }
}
