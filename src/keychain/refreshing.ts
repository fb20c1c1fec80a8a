import type { Credentials } from "../content/credentials.ts";
import { Once } from "../content/once.ts";
import type { Keychain } from "./chain.ts";

/** How a keychain is asked anew. */
export interface RefreshingOptions {
  /** Milliseconds for which an answer holds. Default: five minutes. */
  milliseconds?: number;
  /** The clock, in milliseconds since 1970. Default: `Date.now`. */
  now?: () => number;
}

/** More answers than this are not kept: a server may be asked for any number of repositories. */
const mostKept = 10_000;

/**
 * Keeps what a keychain answers for some time, so that a slow one is not asked for every repository, and a program that
 * runs for days has what is valid then. What it throws is not kept.
 *
 * @example
 * ```ts
 * import { refreshing } from "@gantry/oci/keychain";
 *
 * let asked = 0;
 * const keychain = refreshing(() => Promise.resolve({ username: "me", password: `${++asked}` }));
 * const request = { registry: "quay.io", repository: "acme/app", actions: ["pull"] };
 * await keychain(request);
 * console.log(await keychain(request)); // { username: "me", password: "1" }
 * ```
 */
export function refreshing(keychain: Keychain, options: RefreshingOptions = {}): Keychain {
  const { milliseconds = 300_000, now = Date.now } = options;
  const kept = new Map<string, Expiring<Credentials | undefined>>();
  return (request) => {
    const { registry, repository, actions } = request;
    const key = JSON.stringify([registry, repository, actions]);
    let answer = kept.get(key);
    if (!answer) {
      if (kept.size >= mostKept) kept.clear();
      const ask = async () => ({ value: await keychain(request), expires: now() + milliseconds });
      kept.set(key, answer = new Expiring(ask, now));
    }
    return answer.get();
  };
}

/** A value that has to be fetched again when it expires. All who want it meanwhile wait for one fetch. */
export class Expiring<T> {
  readonly #fetch: () => Promise<{ value: T; expires: number }>;
  readonly #now: () => number;
  #held: Once<{ value: T; expires: number }>;

  /** `expires` is in milliseconds since 1970. */
  constructor(fetch: () => Promise<{ value: T; expires: number }>, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#now = now;
    this.#held = new Once(fetch);
  }

  /** The value, as long as it is valid. */
  async get(): Promise<T> {
    const held = this.#held;
    const { value, expires } = await held.get();
    if (expires > this.#now()) return value;
    // Another caller may have begun to fetch a new one.
    if (this.#held === held) this.#held = new Once(this.#fetch);
    return (await this.#held.get()).value;
  }
}
