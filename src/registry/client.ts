import { GantryError } from "../errors.ts";
import { type Connection, type Endpoint, hostAt } from "../http/endpoint.ts";
import { exchange, isStream } from "../http/exchange.ts";
import { isLoopback } from "../http/hosts.ts";
import type { RequestBody } from "../http/request_body.ts";
import type { HttpResponse } from "../http/response.ts";
import { Tries } from "../http/retry.ts";
import type { NameFailure } from "../http/unreachable.ts";
import { follow } from "../http/url.ts";
import { Auth } from "./auth.ts";
import { ensure, isTransient } from "./errors.ts";
import type { HostSlots } from "./host_slots.ts";
import { Hosts, type Ways } from "./hosts.ts";
import type { KeyedLock } from "./keyed_lock.ts";
import type { Settings } from "./options.ts";
import { redirectLocation, requireReplayable, staysAt } from "./redirects.ts";
import { isReplayable, type RegistryRequest } from "./request.ts";
import { Schemes } from "./schemes.ts";
import type { Token } from "./token.ts";
import type { Warnings } from "./warnings.ts";

/** How many challenges one request answers. */
const mostChallenges = 2;
/** How many redirects a request with a body follows, which is sent each time. */
const mostUploadRedirects = 3;

/** What a client does besides, which an edge function that only reads need not carry. */
export interface ClientExtras {
  /** Finds mirrors. */
  hosts?: Hosts | undefined;
  slots?: HostSlots | undefined;
  /** Names failures of connections. */
  nameFailure?: NameFailure | undefined;
  /** Sends streams. */
  streaming?: typeof RequestBody | undefined;
  warnings?: Warnings | undefined;
}

/**
 * Sends requests to registries: finds out where they are and their scheme, follows redirects, logs in, retries.
 * Repositories that share a client share what it has learned.
 */
export class Client {
  readonly settings: Settings;
  /** Orders changes that this process makes to one thing. */
  locks: KeyedLock | undefined;
  /** The most bytes that registries took in one request, where they refused more. */
  readonly pieceSizes: Map<string, number> = new Map();
  /** The registries that keep no list of referrers. */
  readonly withoutReferrers: Set<string> = new Set();
  /** Which schemes hosts speak. */
  readonly schemes: Schemes = new Schemes();
  /** Where registries are reached. */
  readonly hosts: Hosts;
  readonly #extras: ClientExtras;
  /** By origin. */
  readonly #auths = new Map<string, Auth>();

  constructor(settings: Settings, extras: ClientExtras = {}) {
    this.settings = settings;
    this.hosts = extras.hosts ?? new Hosts();
    this.#extras = extras;
  }

  /**
   * Sends a request and makes something of the response. `use` is called again when it fails for a transient reason, such as
   * a body that breaks off, and the request may be retried. It sees a transient status only after the last try.
   */
  async send<T = HttpResponse>(
    request: RegistryRequest,
    use: Ways<T>["use"] = (response) => Promise.resolve(response as T),
  ): Promise<T> {
    return await this.hosts.send(request, {
      once: (endpoint) => this.#sendTo(endpoint, request),
      use,
      patiently: (endpoint) => this.#sendRetrying(request, endpoint, use),
    });
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

  async #sendRetrying<T>(
    request: RegistryRequest,
    endpoint: Endpoint | undefined,
    use: Ways<T>["use"],
  ): Promise<T> {
    const { once, login, body, final = [], signal } = request;
    const { retry } = this.settings;
    const tries = new Tries(this.settings);
    const retryable = !once && !login && !isStream(body);
    for (;;) {
      let delay: number | undefined;
      let last = !retryable;
      try {
        const response = await this.#sendTo(endpoint, request, tries.left);
        last ||= final.includes(response.status);
        if (!last && retry.statuses.includes(response.status)) {
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
    const address = this.hosts.address(endpoint, to);
    const send = (address: string) => {
      const url = new URL(address);
      this.hosts.learn(url, endpoint, to);
      return this.#sendAuthorized(request, url, left);
    };
    if (/^https?:/.test(address)) return await send(address);
    const host = hostAt(endpoint.root);
    const http = endpoint.connection?.insecure ?? this.allowsHttp(this.hosts.nameOf(endpoint, to));
    return await this.schemes.detect({ host, http, signal }, (scheme) => send(`${scheme}://${address}`));
  }

  /** Follows redirects and answers challenges. Each host sees its own authorisation and no other's. */
  async #sendAuthorized(request: RegistryRequest, start: URL, left: number): Promise<HttpResponse> {
    const { what, login, anonymous, sameOrigin, signal, via = this.hosts.at(start) } = request;
    const { limits, trustedHosts } = this.settings;
    const mostRedirects = request.body ? Math.min(mostUploadRedirects, limits.redirects) : limits.redirects;
    let url = start;
    let leftOrigin = false;
    let redirects = 0;
    let challenges = 0;
    for (;;) {
      const atOrigin = url.origin === start.origin;
      // No authorisation back at the origin after a detour: another host chose that address.
      const auth = login || anonymous || (atOrigin && leftOrigin) ? undefined : this.#authAt(url);
      // Another host does not learn the name of our repository.
      const scopes = atOrigin ? this.hosts.scopesAt(url, request.scopes) : [];
      const authorization = await auth?.authorize(scopes, signal);
      const response = await this.#exchange(
        { ...request, via },
        url,
        { authorization: authorization?.header, left },
      );
      response.elsewhere = response.url.pathname !== start.pathname;
      const location = redirectLocation(request, response);
      if (location !== undefined) {
        if (sameOrigin && !staysAt(url, location)) return response;
        const next = follow(url, location, what, trustedHosts);
        await response.discard();
        if (++redirects > mostRedirects) {
          throw new GantryError("too-large", `${what}: more than ${mostRedirects} redirects`);
        }
        url = next;
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
      if (response.status !== 400) response.note = await auth.note(response, scopes, signal);
      return response;
    }
  }

  async #exchange(
    request: RegistryRequest,
    url: URL,
    { authorization, left }: { authorization: string | undefined; left: number },
  ): Promise<HttpResponse> {
    const { transport, timeouts, userAgent, limits } = this.settings;
    const endpoint = this.hosts.at(url);
    // Compressed on the way, bytes could be neither counted nor resumed.
    const headers = new Headers({
      ...(this.hosts.isRegistry(url) && this.settings.headers),
      "accept-encoding": "identity",
      "user-agent": userAgent,
      ...request.headers,
      ...endpoint?.headers,
    });
    if (authorization !== undefined) headers.set("authorization", authorization);
    // Elsewhere the authorities still count: token servers and storage often have certificates of the same house.
    const ca = request.via?.connection?.ca;
    const connection: Connection | undefined = endpoint?.connection ?? (ca && { ca });
    const { slots, streaming, nameFailure, warnings } = this.#extras;
    const send = () =>
      exchange(transport, {
        ...request,
        url,
        headers,
        streaming,
        nameFailure,
        connection,
        connectTimeout: Math.min(connection?.timeout ?? timeouts.connect, left),
        responseTimeout: Math.min(request.timeout ?? timeouts.response, left),
        idleTimeout: timeouts.idle,
        errorLimit: limits.answer,
      });
    const response = await (slots ? slots.run(url, request, send) : send());
    warnings?.tell(url, response);
    return response;
  }

  /** Whether a registry may be spoken to over plain HTTP. */
  allowsHttp(registry: string): boolean {
    const { insecure } = this.settings;
    return typeof insecure === "function" ? insecure(registry) : insecure ?? isLoopback(registry);
  }

  #authAt(url: URL): Auth {
    const { credentials, trustedRealms = [], environment, limits } = this.settings;
    let auth = this.#auths.get(url.origin);
    if (!auth) {
      const registry = this.hosts.registryAt(url);
      const via = this.hosts.at(url);
      const told = via?.root.startsWith("http:") || via?.connection?.insecure;
      const safe = url.protocol === "https:" || told || this.allowsHttp(registry);
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
