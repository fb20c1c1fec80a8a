import { GantryError } from "../errors.ts";
import { exchange, isStream } from "../http/exchange.ts";
import type { HttpResponse } from "../http/response.ts";
import { retryDelay } from "../http/retry.ts";
import { follow } from "../http/url.ts";
import { Auth } from "./auth.ts";
import { ensure, isTransient, isTransientStatus } from "./errors.ts";
import { KeyedLock } from "./keyed_lock.ts";
import type { Settings } from "./options.ts";
import { redirectLocation, requireReplayable } from "./redirects.ts";
import { isReplayable, type RegistryRequest } from "./request.ts";
import { Schemes } from "./schemes.ts";
import type { Token } from "./token.ts";

/** How many challenges one request answers. */
const mostChallenges = 2;

/**
 * Sends requests to registries: finds out their scheme, follows redirects, logs in, retries. Repositories that share a
 * client share what it has learned.
 */
export class Client {
  readonly settings: Settings;
  /** Orders changes that this process makes to one thing. */
  readonly locks: KeyedLock = new KeyedLock();
  readonly #schemes: Schemes;
  /** By origin. */
  readonly #auths = new Map<string, Auth>();

  constructor(settings: Settings) {
    this.settings = settings;
    this.#schemes = new Schemes(settings.insecure);
  }

  /**
   * Sends a request and makes something of the response. `use` is called again when it fails for a transient reason, such as
   * a body that breaks off, and the request may be retried. It sees a transient status only after the last try.
   */
  async send<T = HttpResponse>(
    request: RegistryRequest,
    use: (response: HttpResponse) => Promise<T> = (response) => Promise.resolve(response as T),
  ): Promise<T> {
    const { limits, environment } = this.settings;
    const { once, login, body, signal } = request;
    for (let attempt = 0;; attempt++) {
      const again = !once && !login && !isStream(body) && attempt < limits.retries;
      let headers: Headers | undefined;
      try {
        const response = await this.#sendOnce(request);
        if (!again || !isTransientStatus(response.status)) return await use(response);
        headers = response.headers;
        await response.discard();
      } catch (error) {
        if (!again || signal?.aborted || !isTransient(error)) throw error;
      }
      await environment.sleep(retryDelay(attempt, headers, environment), signal);
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

  async #sendOnce(request: RegistryRequest): Promise<HttpResponse> {
    const { to, signal } = request;
    signal?.throwIfAborted();
    if (to instanceof URL) return await this.#sendAuthorized(request, to);
    return await this.#schemes.detect(to, (url) => this.#sendAuthorized(request, url), signal);
  }

  /** Follows redirects and answers challenges. Each host sees its own authorisation and no other's. */
  async #sendAuthorized(request: RegistryRequest, start: URL): Promise<HttpResponse> {
    const { what, login, signal } = request;
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
      const scopes = atOrigin ? request.scopes : [];
      const authorization = await auth?.authorize(scopes, signal);
      const response = await this.#exchange(request, url, authorization?.header);
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

  #exchange(request: RegistryRequest, url: URL, authorization: string | undefined): Promise<HttpResponse> {
    const { transport, timeouts, userAgent, limits } = this.settings;
    // Compressed on the way, bytes could be neither counted nor resumed.
    const headers = new Headers({
      ...(this.#schemes.isRegistry(url) && this.settings.headers),
      "accept-encoding": "identity",
      "user-agent": userAgent,
      ...request.headers,
    });
    if (authorization !== undefined) headers.set("authorization", authorization);
    return exchange(transport, {
      ...request,
      url,
      headers,
      responseTimeout: request.timeout ?? timeouts.response,
      idleTimeout: timeouts.idle,
      errorLimit: limits.answer,
    });
  }

  #authAt(url: URL): Auth {
    const { credentials, trustedRealms = [], environment, limits } = this.settings;
    let auth = this.#auths.get(url.origin);
    if (!auth) {
      const registry = this.#schemes.registryAt(url);
      const safe = url.protocol === "https:" || this.#schemes.allowsHttp(registry);
      auth = new Auth({
        registry,
        origin: url,
        credentials: safe ? credentials : undefined,
        trustedRealms,
        responseLimit: limits.answer,
        send: (request) => this.send(request),
        now: environment.now,
      });
      this.#auths.set(url.origin, auth);
    }
    return auth;
  }
}
