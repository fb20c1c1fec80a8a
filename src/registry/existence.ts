import type { Options } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import { errorFrom, registryErrorOf } from "./errors.ts";
import type { RegistryRequest } from "./request.ts";

/** Milliseconds to wait for an answer. */
const patience = 2000;

/** How many names that were missed are remembered. */
const mostMissed = 1000;

/** What is asked of the repository. */
interface Asked {
  readonly pushScopes: readonly string[];
  reference(): string;
  send(
    method: "GET",
    path: string,
    options: Pick<RegistryRequest, "what" | "scopes" | "signal" | "once" | "timeout">,
  ): Promise<HttpResponse>;
}

/**
 * Whether a repository is there at all. In one that is not, no blob and no manifest has to be looked for before it is
 * written: one request in place of one for each.
 */
export class Existence {
  readonly #repository: Asked;
  readonly #missed = new Set<string>();
  #written = false;
  readonly #unknown = new Once(async (signal) => await this.#isUnknown(signal));

  constructor(repository: Asked) {
    this.#repository = repository;
  }

  /** To be called when a manifest was looked for in vain. */
  missed(name: string): void {
    this.#missed.add(name);
    if (this.#missed.size > mostMissed) this.#missed.delete(this.#missed.values().next().value!);
  }

  /** To be called when a manifest was written. */
  written(name: string): void {
    this.#written = true;
    this.#missed.delete(name);
  }

  /** Whether a manifest was looked for in vain, and not written since, so that it need not be looked for before it is. */
  isMissed(name: string): boolean {
    return this.#missed.has(name);
  }

  /** Whether the registry knows nothing of the repository. It is asked only after something was missed. */
  async isNew({ signal }: Options): Promise<boolean> {
    return this.#missed.size > 0 && !this.#written && await this.#unknown.get(signal);
  }

  async #isUnknown(signal: AbortSignal | undefined): Promise<boolean> {
    const { pushScopes: scopes } = this.#repository;
    const what = `look for ${this.#repository.reference()}`;
    try {
      // Some list all tags whatever they are asked for. It is not worth waiting for that, nor for a second try.
      const options = { what, scopes, signal, once: true, timeout: patience };
      const response = await this.#repository.send("GET", "tags/list?n=1", options);
      if (response.status === 404) {
        return registryErrorOf(await errorFrom(response))?.codes.includes("NAME_UNKNOWN") ?? false;
      }
      await response.discard();
    } catch (error) {
      if (signal?.aborted || !GantryError.is(error)) throw error;
    }
    return false;
  }
}
