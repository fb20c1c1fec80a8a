import { GantryError } from "../errors.ts";
import { isLoopback } from "../http/hosts.ts";
import type { HttpResponse } from "../http/response.ts";
import { endpointOf } from "./endpoint.ts";
import type { RegistryOptions } from "./options.ts";

/** Which registries speak HTTPS and which plain HTTP, as their answers told. */
export class Schemes {
  readonly #insecure: RegistryOptions["insecure"];
  readonly #known = new Map<string, string>();
  /** What the user calls the registry that a host answers for: `docker.io`, or with a port that a URL leaves out. */
  readonly #registries = new Map<string, string>();

  constructor(insecure: RegistryOptions["insecure"]) {
    this.#insecure = insecure;
  }

  /** The registry that a host answers for. */
  registryAt(url: URL): string {
    return this.#registries.get(url.host) ?? url.host;
  }

  /** Whether a host is one of the registries that were asked for. */
  isRegistry(url: URL): boolean {
    return this.#registries.has(url.host);
  }

  /** Whether a registry may be spoken to over plain HTTP. */
  allowsHttp(registry: string): boolean {
    const insecure = this.#insecure;
    return typeof insecure === "function" ? insecure(registry) : insecure ?? isLoopback(registry);
  }

  /**
   * Calls `send` with each scheme that is allowed until one is answered, and remembers which: HTTPS and then plain HTTP, on
   * this machine itself the other way round.
   */
  async detect(
    { registry, path }: { registry: string; path: string },
    send: (url: URL) => Promise<HttpResponse>,
    signal: AbortSignal | undefined,
  ): Promise<HttpResponse> {
    const schemes = this.#schemesFor(registry);
    let refused: HttpResponse | undefined;
    for (const [i, scheme] of schemes.entries()) {
      const url = new URL(`${scheme}://${endpointOf(registry)}${path}`);
      this.#registries.set(url.host, registry);
      try {
        const response = await send(url);
        // So many servers answer a request over plain HTTP where they speak HTTPS.
        if (response.status === 400 && scheme === "http" && i + 1 < schemes.length) refused = response;
        else {
          await refused?.discard();
          this.#known.set(registry, scheme);
          return response;
        }
      } catch (error) {
        const last = i + 1 === schemes.length;
        if (signal?.aborted || !GantryError.is(error, "unavailable") || (last && !refused)) throw error;
        if (last) break;
      }
    }
    this.#known.set(registry, "http");
    return refused!;
  }

  #schemesFor(registry: string): readonly string[] {
    const known = this.#known.get(registry);
    if (known !== undefined) return [known];
    if (!this.allowsHttp(registry)) return ["https"];
    return isLoopback(registry) ? ["http", "https"] : ["https", "http"];
  }
}
