import type { Environment } from "./environment.ts";

/** When, and how often, a request that failed for a transient reason is sent again. */
export interface RetryPolicy {
  /** How often. Default: 3. */
  retries: number;
  /** The statuses that may be others in a moment. Default: 408, 429, 499, 500, 502, 503, 504 and 522. */
  statuses: readonly number[];
  /** Milliseconds before the first retry, give or take a half, and twice as long before each further one. Default: 500. */
  delay: number;
  /** The longest of these pauses, in milliseconds. Default: 30 000. */
  longestDelay: number;
  /**
   * The most milliseconds that a registry may ask us to wait with `Retry-After`. Where it asks for more, the request fails
   * at once and says so. Default: 60 000.
   */
  longestRetryAfter: number;
}

/** The policy unless told. 499 and 522 come from proxies. */
export const defaultRetryPolicy: RetryPolicy = {
  retries: 3,
  statuses: [408, 429, 499, 500, 502, 503, 504, 522],
  delay: 500,
  longestDelay: 30_000,
  longestRetryAfter: 60_000,
};

/** What decides on the tries of a call. */
export interface TriesSettings {
  retry: RetryPolicy;
  /** `total`: milliseconds that all tries may take together, as long as nothing comes of them. */
  timeouts: { total: number };
  environment: Environment;
}

/** The tries of one call: counts them, and waits between them. */
export class Tries {
  readonly #settings: TriesSettings;
  #count = 0;
  #began: number;
  /** When the last try began. */
  #tried: number;

  constructor(settings: TriesSettings) {
    this.#settings = settings;
    this.#began = this.#tried = settings.environment.now();
  }

  /** Milliseconds that the try under way may take. */
  get left(): number {
    const { timeouts, environment } = this.#settings;
    return Math.max(1, this.#began + timeouts.total - environment.now());
  }

  /** Something came of the last try: from now on it is another call. */
  progressed(): void {
    this.#count = 0;
    this.#began = this.#tried = this.#settings.environment.now();
  }

  /**
   * To be called when a try has failed: milliseconds to wait before the next one, or undefined where there is to be none. The
   * next one is expected to take as long as the last.
   */
  next(headers?: Headers): number | undefined {
    const { retry, timeouts, environment } = this.#settings;
    const now = environment.now();
    const jitter = 0.5 + environment.random();
    const asked = retryAfter(headers, now);
    const delay = asked === undefined
      ? Math.min(retry.delay * 2 ** this.#count, retry.longestDelay) * jitter
      : asked + Math.min(250, retry.delay) * jitter;
    const end = now + delay + (now - this.#tried);
    const hopeless = this.#count >= retry.retries || (asked ?? 0) > retry.longestRetryAfter;
    if (hopeless || end > this.#began + timeouts.total) return undefined;
    this.#count++;
    this.#tried = now + delay;
    return delay;
  }

  /** Waits as {@link next} tells. False where there is to be no further try. */
  async again(
    options: { headers?: Headers | undefined; signal?: AbortSignal | undefined },
  ): Promise<boolean> {
    const delay = this.next(options.headers);
    if (delay === undefined) return false;
    await this.#settings.environment.sleep(delay, options.signal);
    return true;
  }
}

/** How long a server asks us to wait, in milliseconds: it says so in seconds or as an HTTP date. */
export function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const value = headers?.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : NaN;
  return date >= now ? date - now : undefined;
}
