import { GantryError } from "../errors.ts";
import { type Endpoint, hostAt, hostOf, rootOf } from "../http/endpoint.ts";
import { errorFrom, isTransient } from "./errors.ts";
import { Hosts, type Ways } from "./hosts.ts";
import type { RegistryOptions } from "./options.ts";
import { capabilityFor, type Place, type RegistryRequest } from "./request.ts";

/** Milliseconds for which a mirror is left alone that could not be reached. */
const rest = 60_000;

/** What is known of a host that endpoints led to. */
interface Host {
  endpoint: Endpoint;
  registry: string;
  /** Whether the registry is the one that was asked for, and not a mirror of it. */
  own: boolean;
}

/** Where registries are reached, and which endpoint each host belongs to. */
export class Endpoints extends Hosts {
  readonly #options: Pick<RegistryOptions, "endpoints">;
  readonly #hosts = new Map<string, Host>();
  /** What repositories are called elsewhere, by host and by what they are called here. */
  readonly #renamed = new Map<string, string>();
  /** Which registries hosts were asked for. */
  readonly #served = new Set<string>();
  readonly #resting = new Map<string, number>();
  readonly #now: () => number;

  constructor(options: Pick<RegistryOptions, "endpoints">, now: () => number) {
    super();
    this.#options = options;
    this.#now = now;
  }

  /**
   * Asks mirrors first, once each; what one of them does not have, or gets wrong, is asked of the next.
   */
  override async send<T>(request: RegistryRequest, { once, use, patiently }: Ways<T>): Promise<T> {
    const endpoints = await this.for(request);
    const refused: string[] = [];
    for (const mirror of endpoints.slice(0, -1)) {
      try {
        const response = await once(mirror);
        if (response.status >= 400) throw await errorFrom(response);
        response.onBroken = () => this.rest(mirror);
        return await use(response);
      } catch (error) {
        if (request.signal?.aborted || !GantryError.is(error)) throw error;
        if (isTransient(error)) this.rest(mirror);
        refused.push(error.message.replace(`${request.what}: `, `${hostAt(mirror.root)}: `));
      }
    }
    try {
      return await patiently(endpoints.at(-1));
    } catch (error) {
      if (refused.length === 0 || !GantryError.is(error)) throw error;
      const message = `${error.message} (mirrors: ${refused.join("; ")})`;
      throw new GantryError(error.code, message, { cause: error.cause });
    }
  }

  /**
   * The endpoints for a request, in order. What changes something goes to one endpoint only.
   *
   * @throws {GantryError} `unsupported` where none of them is good for it.
   */
  async for(request: RegistryRequest): Promise<readonly Endpoint[]> {
    const { to, what } = request;
    if (to instanceof URL) return [];
    const { registry, repository } = to;
    const all = await this.#options.endpoints?.({ registry, repository });
    if (!all?.length) return [{ root: rootOf(registry) }];
    const wanted = capabilityFor(request);
    const able = all.filter(({ capabilities }) => capabilities?.includes(wanted) ?? true);
    if (able.length === 0) {
      const hosts = all.map(({ root }) => hostAt(root)).join(", ");
      throw new GantryError(
        "unsupported",
        `${what}: none of the hosts for ${registry} may ${wanted}: ${hosts}`,
      );
    }
    if (wanted === "push") return able.slice(0, 1);
    // What concerns the whole registry, a mirror does not know.
    if (repository === undefined) return able.slice(-1);
    return able.filter((endpoint, i) => i === able.length - 1 || !this.#rests(endpoint));
  }

  /** The address of a request at an endpoint, without a scheme where the endpoint has none. */
  override address({ root, repository, namespace }: Endpoint, to: Place): string {
    const here = `/v2/${to.repository}/`;
    const path = repository !== undefined && to.path.startsWith(here)
      ? `/${repository}/${to.path.slice(here.length)}`
      : to.path.slice("/v2".length);
    if (namespace === undefined) return `${root}${path}`;
    return `${root}${path}${path.includes("?") ? "&" : "?"}ns=${encodeURIComponent(namespace)}`;
  }

  /** Keeps in mind which endpoint a host belongs to. */
  override learn(url: URL, endpoint: Endpoint, to: Place): void {
    const { repository } = to;
    const registry = this.nameOf(endpoint, to);
    this.#served.add(`${url.origin} ${to.registry}`);
    this.#hosts.set(url.origin, { endpoint, registry, own: registry === to.registry });
    if (repository === undefined || endpoint.repository === undefined) return;
    this.#renamed.set(`${url.origin} ${repository}`, endpoint.repository);
  }

  /** What the user calls the registry at an endpoint: mirrors go by names of their own. */
  override nameOf({ root }: Endpoint, { registry }: Place): string {
    return hostAt(root) === hostOf(registry) ? registry : hostAt(root);
  }

  /** The endpoint that a host belongs to. */
  override at(url: URL): Endpoint | undefined {
    return this.#hosts.get(url.origin)?.endpoint;
  }

  /** What the user calls the registry that a host answers for: `docker.io`, or with a port that a URL leaves out. */
  override registryAt(url: URL): string {
    return this.#hosts.get(url.origin)?.registry ?? url.host;
  }

  /** Whether a host was asked for a registry, or as a mirror of it. */
  override isMirror(url: URL, registry: string): boolean {
    return this.#served.has(`${url.origin} ${registry}`);
  }

  /** Whether a host is a registry that was asked for. */
  override isRegistry(url: URL): boolean {
    return this.#hosts.get(url.origin)?.own ?? false;
  }

  /** Scopes as a host knows them, where it calls the repository something else. */
  override scopesAt(url: URL, scopes: readonly string[]): readonly string[] {
    if (this.#renamed.size === 0) return scopes;
    return scopes.map((scope) => {
      const [, name = "", actions = ""] = /^repository:(.*)(:[^:]*)$/.exec(scope) ?? [];
      const renamed = this.#renamed.get(`${url.origin} ${name}`);
      return renamed === undefined ? scope : `repository:${renamed}${actions}`;
    });
  }

  /** Leaves a mirror alone for a while. */
  rest({ root }: Endpoint): void {
    this.#resting.set(root, this.#now() + rest);
  }

  #rests({ root }: Endpoint): boolean {
    return this.#now() < (this.#resting.get(root) ?? 0);
  }
}
