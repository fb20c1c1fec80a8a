import { GantryError } from "../errors.ts";
import { isLoopback } from "../http/hosts.ts";
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

  /** Whether a registry may be spoken to over plain HTTP. */
  allowsHttp(registry: string): boolean {
    const insecure = this.#insecure;
    return typeof insecure === "function" ? insecure(registry) : insecure ?? isLoopback(registry);
  }

  /** Calls `send` with HTTPS, and with plain HTTP where that is allowed and HTTPS is unavailable. Remembers what worked. */
  async detect<T>(
    { registry, path }: { registry: string; path: string },
    send: (url: URL) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const known = this.#known.get(registry);
    const schemes = known !== undefined ? [known] : this.allowsHttp(registry) ? ["https", "http"] : ["https"];
    for (let i = 0;; i++) {
      const scheme = schemes[i]!;
      const url = new URL(`${scheme}://${endpointOf(registry)}${path}`);
      this.#registries.set(url.host, registry);
      try {
        const result = await send(url);
        this.#known.set(registry, scheme);
        return result;
      } catch (error) {
        const last = i + 1 === schemes.length;
        if (last || signal?.aborted || !GantryError.is(error, "unavailable")) throw error;
      }
    }
  }
}
