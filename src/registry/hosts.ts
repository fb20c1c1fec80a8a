import { type Endpoint, rootOf } from "../http/endpoint.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Place, RegistryRequest } from "./request.ts";

/** The two ways to ask an endpoint. */
export interface Ways<T> {
  /** Once, for a response. */
  once(endpoint: Endpoint): Promise<HttpResponse>;
  /** What is made of a response to that. */
  use(response: HttpResponse): Promise<T>;
  /** As often as it takes. */
  patiently(endpoint: Endpoint | undefined): Promise<T>;
}

/** Where registries are reached: each at its own host. */
export class Hosts {
  /** What users call registries, by origin. */
  readonly #registries = new Map<string, string>();

  /** Asks the endpoints that there are for a request. */
  async send<T>({ to }: RegistryRequest, { patiently }: Ways<T>): Promise<T> {
    return await patiently(to instanceof URL ? undefined : { root: rootOf(to.registry) });
  }

  /** The address of a request at an endpoint, without a scheme where the endpoint has none. */
  address({ root }: Endpoint, { path }: Place): string {
    return root + path.slice("/v2".length);
  }

  /** Keeps in mind which registry, and which endpoint, a host belongs to. */
  learn(url: URL, _endpoint: Endpoint, { registry }: Place): void {
    this.#registries.set(url.origin, registry);
  }

  /** What the user calls the registry at an endpoint. */
  nameOf(_endpoint: Endpoint, { registry }: Place): string {
    return registry;
  }

  /** The endpoint that a host belongs to, where that is special. */
  at(_url: URL): Endpoint | undefined {
    return undefined;
  }

  /** What the user calls the registry that a host answers for: `docker.io`, or with a port that a URL leaves out. */
  registryAt(url: URL): string {
    return this.#registries.get(url.origin) ?? url.host;
  }

  /** Whether a host is a registry that was asked for. */
  isRegistry(url: URL): boolean {
    return this.#registries.has(url.origin);
  }

  /** Whether a host was asked as a mirror of a registry. */
  isMirror(_url: URL, _registry: string): boolean {
    return false;
  }

  /** Scopes as a host knows them. */
  scopesAt(_url: URL, scopes: readonly string[]): readonly string[] {
    return scopes;
  }
}
