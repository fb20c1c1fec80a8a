import type { RegistryEvent } from "./events.ts";

/** Where events are sent, and how. */
export interface WebhookOptions {
  /** Who is told. */
  url: string | URL;
  /** Headers of the requests, such as a secret. */
  headers?: Record<string, string> | undefined;
  /** How often an event is sent before it is given up; between two tries there is more time each time. Default: 6. */
  attempts?: number | undefined;
  /** How many events may wait; the oldest are given up then. Default: 10,000. */
  waiting?: number | undefined;
  /** Is told of what is given up. */
  onError?: ((error: unknown, event: RegistryEvent) => void) | undefined;
  /** Sends a request. Default: `fetch`. */
  fetch?: ((url: string | URL, init: RequestInit) => Promise<Response>) | undefined;
  /** Waits so many milliseconds. Default: a timer. */
  sleep?: ((milliseconds: number) => Promise<void>) | undefined;
}

/** How long somebody may take to take an event, in milliseconds. */
const patience = 10_000;

/**
 * Sends events somewhere, one after the other, in the form that Docker's registry sends:
 * https://distribution.github.io/distribution/about/notifications/#envelope
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #waiting: RegistryEvent[] = [];
  #sending: Promise<void> | undefined;

  /** Sends nothing before the first event. */
  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Has an event sent; does not wait for it. */
  send(event: RegistryEvent): void {
    const { waiting = 10_000, onError } = this.#options;
    if (this.#waiting.length >= waiting) onError?.(new Error("too many events wait"), this.#waiting.shift()!);
    this.#waiting.push(event);
    this.#sending ??= this.#sendAll().finally(() => this.#sending = undefined);
  }

  /** Resolves once nothing waits. */
  async settled(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) {
      await this.#sendOne(event).catch((error) => this.#options.onError?.(error, event!));
    }
  }

  async #sendOne(event: RegistryEvent): Promise<void> {
    const { attempts = 6, sleep = timer } = this.#options;
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#post(event);
      } catch (error) {
        if (attempt >= attempts) throw error;
        await sleep(1000 * 2 ** attempt * (0.5 + Math.random() / 2));
      }
    }
  }

  async #post(event: RegistryEvent): Promise<void> {
    const { url, headers, fetch: send = fetch } = this.#options;
    // `AbortSignal.timeout` ends a process of Deno later on: https://github.com/denoland/deno/issues/36588
    const late = new AbortController();
    const deadline = setTimeout(() => late.abort(new Error(`no answer for ${patience / 1000} s`)), patience);
    try {
      const response = await send(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/vnd.docker.distribution.events.v1+json" },
        body: JSON.stringify({ events: [event] }),
        redirect: "error",
        signal: late.signal,
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
    } finally {
      clearTimeout(deadline);
    }
  }
}

function timer(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
