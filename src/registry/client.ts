import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import { type Connection, type Endpoint, hostAt } from "../http/endpoint.ts";
import { exchange, isStream } from "../http/exchange.ts";
import { isLoopback } from "../http/hosts.ts";
import type { HttpResponse } from "../http/response.ts";
import { Tries } from "../http/retry.ts";
import { follow } from "../http/url.ts";
import { warningsIn } from "../http/warning.ts";
import { Auth } from "./auth.ts";
import { Endpoints } from "./endpoints.ts";
import { ensure, errorFrom, isTransient } from "./errors.ts";
import { KeyedLock } from "./keyed_lock.ts";
import type { Settings } from "./options.ts";
import { redirectLocation, requireReplayable } from "./redirects.ts";
import { isReplayable, type RegistryRequest } from "./request.ts";
import { Schemes } from "./schemes.ts";
import type { Token } from "./token.ts";

/** How many challenges one request answers. */
const mostChallenges = 2;

/** Makes something of a response. */
type Use<T> = (response: HttpResponse) => Promise<T>;

/**
 * Sends requests to registries: finds out where they are and their scheme, follows redirects, logs in, retries.
 * Repositories that share a client share what it has learned.
 */
export class Client {
  readonly settings: Settings;
  /** Orders changes that this process makes to one thing. */
  readonly locks: KeyedLock = new KeyedLock();
  readonly #schemes = new Schemes();
  readonly #endpoints: Endpoints;
  /** By origin. */
  readonly #auths = new Map<string, Auth>();
  /** By host. Uploads have slots of their own: one may read from the host that it writes to. */
  readonly #slots = new Map<string, Slots>();
  readonly #warned = new Set<string>();

  constructor(settings: Settings) {
    this.settings = settings;
    this.#endpoints = new Endpoints(settings, settings.environment.now);
  }

  /**
   * Sends a request and makes something of the response. Mirrors are asked first, once each; what one of them does not have,
   * or gets wrong, is asked of the next. `use` is called again when it fails for a transient reason, such as a body that breaks
   * off, and the request may be retried. It sees a transient status only after the last try.
   */
  async send<T = HttpResponse>(
    request: RegistryRequest,
    use: Use<T> = (response) => Promise.resolve(response as T),
  ): Promise<T> {
    const endpoints = await this.#endpoints.for(request);
    const refused: string[] = [];
    for (const mirror of endpoints.slice(0, -1)) {
      try {
        const response = await this.#sendTo(mirror, request);
        if (response.status >= 400) throw await errorFrom(response);
        response.onBroken = () => this.#endpoints.rest(mirror);
        return await use(response);
      } catch (error) {
        if (request.signal?.aborted || !GantryError.is(error)) throw error;
        if (isTransient(error)) this.#endpoints.rest(mirror);
        refused.push(error.message.replace(`${request.what}: `, `${hostAt(mirror.root)}: `));
      }
    }
    try {
      return await this.#sendRetrying(request, endpoints.at(-1), use);
    } catch (error) {
      if (refused.length === 0 || !GantryError.is(error)) throw error;
      const message = `${error.message} (mirrors: ${refused.join("; ")})`;
      throw new GantryError(error.code, message, { cause: error.cause });
    }
  }

  /** The token that a registry's token server gives for these scopes; undefined where it wants none. */
  async token(registry: string, scopes: readonly string[], signal?: AbortSignal): Promise<Token | undefined> {
    const to = { registry, path: "/v2/" };
    const what = `log in to ${registry}`;
    const response = await this.send({ what, method: "GET", to, scopes: [], login: true, signal });
    await response.discard();
    const auth = this.#authAt(response.url);
    if (response.status === 401) await auth.learn(response, scopes, undefined, signal);
    else await ensure(response, 200);
    return await auth.token(scopes, signal);
  }

  async #sendRetrying<T>(request: RegistryRequest, endpoint: Endpoint | undefined, use: Use<T>): Promise<T> {
    const { once, login, body, signal } = request;
    const { retry } = this.settings;
    const tries = new Tries(this.settings);
    const retryable = !once && !login && !isStream(body);
    for (;;) {
      let delay: number | undefined;
      let last = !retryable;
      try {
        const response = await this.#sendTo(endpoint, request, tries.left);
        if (retryable && retry.statuses.includes(response.status)) {
          delay = tries.next(response.headers);
          last = delay === undefined;
        }
        if (delay === undefined) return await use(response);
        await response.discard();
      } catch (error) {
        if (last || signal?.aborted || !isTransient(error)) throw error;
        delay = tries.next();
        if (delay === undefined) throw error;
      }
      await this.settings.environment.sleep(delay, signal);
    }
  }

  async #sendTo(
    endpoint: Endpoint | undefined,
    request: RegistryRequest,
    left = Infinity,
  ): Promise<HttpResponse> {
    const { to, signal } = request;
    signal?.throwIfAborted();
    if (to instanceof URL || !endpoint) return await this.#sendAuthorized(request, to as URL, left);
    const address = this.#endpoints.address(endpoint, to);
    const send = (address: string) => {
      const url = new URL(address);
      this.#endpoints.learn(url, endpoint, to);
      return this.#sendAuthorized(request, url, left);
    };
    if (/^https?:/.test(address)) return await send(address);
    const host = hostAt(endpoint.root);
    const http = endpoint.connection?.insecure ?? this.#allowsHttp(this.#endpoints.nameOf(endpoint, to));
    return await this.#schemes.detect({ host, http, signal }, (scheme) => send(`${scheme}://${address}`));
  }

  /** Follows redirects and answers challenges. Each host sees its own authorisation and no other's. */
  async #sendAuthorized(request: RegistryRequest, start: URL, left: number): Promise<HttpResponse> {
    const { what, login, signal, via = this.#endpoints.at(start) } = request;
    const { limits, trustedHosts } = this.settings;
    let url = start;
    let leftOrigin = false;
    let redirects = 0;
    let challenges = 0;
    for (;;) {
      const atOrigin = url.origin === start.origin;
      // No authorisation back at the origin after a detour: another host chose that address.
      const auth = login || (atOrigin && leftOrigin) ? undefined : this.#authAt(url);
      // Another host does not learn the name of our repository.
      const scopes = atOrigin ? this.#endpoints.scopesAt(url, request.scopes) : [];
      const authorization = await auth?.authorize(scopes, signal);
      const response = await this.#exchange(
        { ...request, via },
        url,
        { authorization: authorization?.header, left },
      );
      const location = redirectLocation(request, response);
      if (location !== undefined) {
        await response.discard();
        if (++redirects > limits.redirects) {
          throw new GantryError("too-large", `${what}: more than ${limits.redirects} redirects`);
        }
        url = follow(url, location, what, trustedHosts);
        leftOrigin ||= url.origin !== start.origin;
        if (leftOrigin && login) {
          throw new GantryError("denied", `${what}: ${start.host} redirects to ${url.host}`);
        }
        requireReplayable(request, response);
        continue;
      }
      if (!auth || ![400, 401, 403].includes(response.status)) return response;
      if (
        challenges++ < mostChallenges && isReplayable(request) &&
        await auth.learn(response, scopes, authorization, signal)
      ) {
        await response.discard();
        continue;
      }
      if (response.status !== 400) response.note = await auth.note(scopes, signal);
      return response;
    }
  }

  async #exchange(
    request: RegistryRequest,
    url: URL,
    { authorization, left }: { authorization: string | undefined; left: number },
  ): Promise<HttpResponse> {
    const { transport, timeouts, userAgent, limits } = this.settings;
    const endpoint = this.#endpoints.at(url);
    // Compressed on the way, bytes could be neither counted nor resumed.
    const headers = new Headers({
      ...(this.#endpoints.isRegistry(url) && this.settings.headers),
      "accept-encoding": "identity",
      "user-agent": userAgent,
      ...request.headers,
      ...endpoint?.headers,
    });
    if (authorization !== undefined) headers.set("authorization", authorization);
    // Elsewhere the authorities still count: token servers and storage often have certificates of the same house.
    const ca = request.via?.connection?.ca;
    const connection: Connection | undefined = endpoint?.connection ?? (ca && { ca });
    const response = await this.#slotsAt(url, request).run(() =>
      exchange(transport, {
        ...request,
        url,
        headers,
        connection,
        connectTimeout: Math.min(connection?.timeout ?? timeouts.connect, left),
        responseTimeout: Math.min(request.timeout ?? timeouts.response, left),
        idleTimeout: timeouts.idle,
        errorLimit: limits.answer,
      }), request.signal);
    this.#tellWarnings(url, response);
    return response;
  }

  #slotsAt({ host }: URL, { body }: RegistryRequest): Slots {
    const key = `${host} ${isStream(body)}`;
    let slots = this.#slots.get(key);
    if (!slots) this.#slots.set(key, slots = new Slots(this.settings.concurrency));
    return slots;
  }

  #tellWarnings({ host }: URL, { headers }: HttpResponse): void {
    for (const text of warningsIn(headers)) {
      const key = `${host} ${text}`;
      // Whoever makes up ever new ones is not listened to.
      if (this.#warned.has(key) || this.#warned.size >= 100) continue;
      this.#warned.add(key);
      this.settings.warn?.({ host, text });
    }
  }

  /** Whether a registry may be spoken to over plain HTTP. */
  #allowsHttp(registry: string): boolean {
    const { insecure } = this.settings;
    return typeof insecure === "function" ? insecure(registry) : insecure ?? isLoopback(registry);
  }

  #authAt(url: URL): Auth {
    const { credentials, trustedRealms = [], environment, limits } = this.settings;
    let auth = this.#auths.get(url.origin);
    if (!auth) {
      const registry = this.#endpoints.registryAt(url);
      const via = this.#endpoints.at(url);
      const told = via?.root.startsWith("http:") || via?.connection?.insecure;
      const safe = url.protocol === "https:" || told || this.#allowsHttp(registry);
      auth = new Auth({
        registry,
        origin: url,
        credentials: safe ? credentials : undefined,
        trustedRealms,
        responseLimit: limits.answer,
        send: (request) => this.send({ ...request, via }),
        now: environment.now,
      });
      this.#auths.set(url.origin, auth);
    }
    return auth;
  }
}
