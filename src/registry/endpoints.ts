import { GantryError } from "../errors.ts";
import { type Endpoint, hostAt, hostOf, rootOf } from "../http/endpoint.ts";
import type { RegistryOptions } from "./options.ts";
import { capabilityFor, type RegistryRequest } from "./request.ts";

/** Milliseconds for which a mirror is left alone that could not be reached. */
const rest = 60_000;

/** What a request is for, before it is known where it goes. */
type Place = Exclude<RegistryRequest["to"], URL>;

/** What is known of a host that endpoints led to. */
interface Host {
  endpoint: Endpoint;
  registry: string;
  /** Whether the registry is the one that was asked for, and not a mirror of it. */
  own: boolean;
}

/** Where registries are reached, and which endpoint each host belongs to. */
export class Endpoints {
  readonly #options: Pick<RegistryOptions, "endpoints" | "insecure">;
  readonly #hosts = new Map<string, Host>();
  /** What repositories are called elsewhere, by host and by what they are called here. */
  readonly #renamed = new Map<string, string>();
  readonly #resting = new Map<string, number>();
  readonly #now: () => number;

  constructor(options: Pick<RegistryOptions, "endpoints" | "insecure">, now: () => number) {
    this.#options = options;
    this.#now = now;
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
  address({ root, repository, namespace }: Endpoint, to: Place): string {
    const here = `/v2/${to.repository}/`;
    const path = repository !== undefined && to.path.startsWith(here)
      ? `/${repository}/${to.path.slice(here.length)}`
      : to.path.slice("/v2".length);
    if (namespace === undefined) return `${root}${path}`;
    return `${root}${path}${path.includes("?") ? "&" : "?"}ns=${encodeURIComponent(namespace)}`;
  }

  /** Keeps in mind which endpoint a host belongs to. */
  learn(url: URL, endpoint: Endpoint, to: Place): void {
    const { repository } = to;
    const registry = this.nameOf(endpoint, to);
    this.#hosts.set(url.origin, { endpoint, registry, own: registry === to.registry });
    if (repository === undefined || endpoint.repository === undefined) return;
    this.#renamed.set(`${url.origin} ${repository}`, endpoint.repository);
  }

  /** What the user calls the registry at an endpoint: mirrors go by names of their own. */
  nameOf({ root }: Endpoint, { registry }: Place): string {
    return hostAt(root) === hostOf(registry) ? registry : hostAt(root);
  }

  /** The endpoint that a host belongs to. */
  at(url: URL): Endpoint | undefined {
    return this.#hosts.get(url.origin)?.endpoint;
  }

  /** What the user calls the registry that a host answers for: `docker.io`, or with a port that a URL leaves out. */
  registryAt(url: URL): string {
    return this.#hosts.get(url.origin)?.registry ?? url.host;
  }

  /** Whether a host is a registry that was asked for. */
  isRegistry(url: URL): boolean {
    return this.#hosts.get(url.origin)?.own ?? false;
  }

  /** Scopes as a host knows them, where it calls the repository something else. */
  scopesAt(url: URL, scopes: readonly string[]): readonly string[] {
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
