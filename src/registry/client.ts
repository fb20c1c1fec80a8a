import type { Bytes } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { Answer, unreachable } from "../http/response.ts";
import { Auth } from "./auth.ts";
import { fault, isPassing, passes } from "./errors.ts";
import { endpointOf } from "./endpoint.ts";
import { follow } from "../http/url.ts";
import { isLoopback } from "../http/hosts.ts";
import type { Settings } from "./options.ts";
import { retryDelay } from "../http/retry.ts";
import { parseToken, tokenCall } from "./token.ts";
import { Sending } from "../http/request_body.ts";
import { Watch } from "../http/timeout.ts";

/** One thing to ask of a registry. */
export interface Call {
  /** What is being done, for messages: `resolve ghcr.io/acme/app:v1`. */
  what: string;
  method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** A path at the registry, or an address that a registry gave. */
  to: URL | { registry: string; path: string };
  /** What a token for it must allow. */
  scopes: readonly string[];
  headers?: Record<string, string>;
  body?: Bytes | Content | undefined;
  /** Is not tried again when it fails for the moment; nor is what streams its body. */
  once?: boolean;
  /** Neither logs in nor leaves the origin; what needs it is tried again. */
  bare?: boolean;
  /** Milliseconds until the answer must begin, where that is not the usual time. */
  timeout?: number;
  signal?: AbortSignal | undefined;
}

/** The way to all registries: schemes, redirects, authorisation, retries, timeouts. One for each client, as it remembers. */
export class Wire {
  readonly settings: Settings;
  readonly #auths = new Map<string, Auth>();
  readonly #schemes = new Map<string, string>();
  /** What the user calls the registry that a host answers for: `docker.io`, or with a port that a URL leaves out. */
  readonly #names = new Map<string, string>();
  readonly #locks = new Map<string, Promise<unknown>>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /**
   * Asks and makes something of the answer. `use` is called again when the answer breaks off and the call may be
   * retried; statuses that pass never reach it, unless they stay.
   */
  async call<T = Answer>(
    call: Call,
    use: (answer: Answer) => Promise<T> = (answer) => Promise.resolve(answer as T),
  ): Promise<T> {
    const { limits, environment } = this.settings;
    for (let attempt = 0;; attempt++) {
      const again = !call.once && !call.bare && !isStream(call.body) && attempt < limits.retries;
      let headers: Headers | undefined;
      try {
        const answer = await this.#schemed(call);
        if (!again || !isPassing(answer.status)) return await use(answer);
        headers = answer.headers;
        await answer.discard();
      } catch (error) {
        if (!again || call.signal?.aborted || !passes(error)) throw error;
      }
      await environment.sleep(retryDelay(attempt, headers, environment), call.signal);
    }
  }

  /** Does one thing after the other among those with the same key. */
  async locked<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(key);
    const mine = before ? before.then(work) : work();
    const settled = mine.then(() => {}, () => {});
    this.#locks.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#locks.get(key) === settled) this.#locks.delete(key);
    }
  }

  /** Finds out whether a registry speaks HTTPS by what it answers, and remembers it. */
  async #schemed(call: Call): Promise<Answer> {
    call.signal?.throwIfAborted();
    if (call.to instanceof URL) return await this.#hops(call, call.to);
    const { registry, path } = call.to;
    const known = this.#schemes.get(registry);
    const schemes = known === undefined ? this.#possibleSchemes(registry) : [known];
    for (let i = 0;; i++) {
      const scheme = schemes[i]!;
      const url = new URL(`${scheme}://${endpointOf(registry)}${path}`);
      this.#names.set(url.host, registry);
      try {
        const answer = await this.#hops(call, url);
        this.#schemes.set(registry, scheme);
        return answer;
      } catch (error) {
        if (i + 1 === schemes.length || call.signal?.aborted || !GantryError.is(error, "unavailable")) {
          throw error;
        }
      }
    }
  }

  #possibleSchemes(registry: string): string[] {
    const { insecure } = this.settings;
    const plain = typeof insecure === "function" ? insecure(registry) : insecure ?? isLoopback(registry);
    return plain ? ["https", "http"] : ["https"];
  }

  /** Follows redirects and answers challenges. Each host sees its own authorisation and no other's. */
  async #hops(call: Call, start: URL): Promise<Answer> {
    const { what, signal } = call;
    let url = start;
    let left = false;
    let rounds = 0;
    for (let hops = 0;;) {
      const home = url.origin === start.origin;
      // Back home by a detour: another host chose the address, so it gets no authority.
      const auth = call.bare || (home && left) ? undefined : this.#auth(url);
      const scopes = home ? call.scopes : [];
      const ticket = await auth?.ticket(scopes, signal);
      const answer = await this.#send(call, url, ticket?.header);
      const location = redirectOf(call, answer);
      if (location !== undefined) {
        await answer.discard();
        if (++hops > this.settings.limits.redirects) {
          throw new GantryError("too-large", `${what}: more than ${hops - 1} redirects`);
        }
        url = follow(url, location, what, this.settings.trustedHosts);
        left ||= url.origin !== start.origin;
        if (left && call.bare) {
          throw new GantryError("denied", `${what}: ${start.host} redirects to ${url.host}`);
        }
        requireReplayable(call, answer);
        continue;
      }
      if (!auth || ![400, 401, 403].includes(answer.status)) return answer;
      if (rounds++ < 2 && isReplayable(call) && await auth.learn(answer, scopes, ticket, signal)) {
        await answer.discard();
        continue;
      }
      if (answer.status !== 400) answer.note = await auth.note(scopes, signal);
      return answer;
    }
  }

  async #send(call: Call, url: URL, authorization: string | undefined): Promise<Answer> {
    const { transport, timeouts, userAgent, limits } = this.settings;
    const { what, method, body, signal } = call;
    const patience = call.timeout ?? timeouts.response;
    const watch = new Watch(
      signal,
      () => new GantryError("unavailable", `${what}: ${url.host} keeps silent`),
    );
    // Compressed on the way, bytes would be neither countable nor resumable.
    const headers = new Headers({ "accept-encoding": "identity", "user-agent": userAgent, ...call.headers });
    if (authorization !== undefined) headers.set("authorization", authorization);
    const upload = isStream(body) ? new Sending(body, watch, patience) : undefined;
    watch.wait(patience);
    try {
      const request = { url: url.href, method, headers, body: upload?.content ?? body, signal: watch.signal };
      const response = await transport(request);
      if (upload && response.ok) await upload.finish(what);
      else upload?.leave();
      return new Answer(response, { what, url, watch, idle: timeouts.idle, errorLimit: limits.answer });
    } catch (error) {
      watch.end();
      upload?.leave();
      if (upload?.failure) throw upload.failure.error;
      watch.signal.throwIfAborted();
      throw unreachable(what, url, error);
    }
  }

  #auth(url: URL): Auth {
    const { credentials, trustedRealms = [], environment, limits } = this.settings;
    const registry = this.#names.get(url.host) ?? url.host;
    let auth = this.#auths.get(url.origin);
    if (!auth) {
      const safe = url.protocol === "https:" || this.#possibleSchemes(registry).includes("http");
      auth = new Auth(registry, {
        credentials: safe ? credentials : undefined,
        trustedRealms,
        ping: (signal) =>
          this.call({
            what: `log in to ${registry}`,
            method: "GET",
            to: new URL("/v2/", url),
            scopes: [],
            bare: true,
            signal,
          }),
        token: async (request, signal) => {
          const call = { ...tokenCall(request, `log in to ${registry}`), signal };
          const answer = await this.call(call);
          if (answer.status !== 200) {
            answer.note = request.note;
            throw await fault(answer);
          }
          return parseToken(await answer.bytes(limits.answer), call.what, environment.now());
        },
        now: environment.now,
      });
      this.#auths.set(url.origin, auth);
    }
    return auth;
  }
}

function redirectOf(call: Call, { status, headers }: Answer): string | undefined {
  const location = headers.get("location");
  if (location === null) return undefined;
  const follows = status === 307 || status === 308 ||
    ((call.method === "GET" || call.method === "HEAD") &&
      (status === 301 || status === 302 || status === 303));
  return follows ? location : undefined;
}

function isStream(body: Call["body"]): body is Content {
  return body !== undefined && !(body instanceof Uint8Array);
}

function isReplayable({ body }: Call): boolean {
  return !isStream(body) || body.replayable;
}

function requireReplayable(call: Call, { url }: Answer): void {
  if (isReplayable(call)) return;
  throw new GantryError(
    "consumed",
    `${call.what}: ${url.host} redirects, and the content cannot be sent twice`,
  );
}
