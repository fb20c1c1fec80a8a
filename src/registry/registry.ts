/**
 * Registries as targets.
 *
 * @module
 */

import type { Options } from "../content/contracts.ts";
import { Client } from "./client.ts";
import { listRepositories } from "./listing.ts";
import { type RegistryOptions, withDefaults } from "./options.ts";
import { checkRegistry, openRepository } from "./open.ts";
import { type Registry, RepositoryTarget } from "./target.ts";

/** Opens repositories that share what the client has learned of their registries: tokens, schemes, unfinished uploads. */
export interface Registries {
  /** Opens a repository by a name as {@link registry} takes it. */
  (repository: string): Registry;
  /** The names of a registry's repositories, as {@link catalog} gives them. */
  catalog(registry: string, options?: Options): AsyncIterable<string>;
}

/**
 * A repository of a registry: `ghcr.io/acme/app`, or `alpine` for Docker Hub's `library/alpine`. Nothing is sent
 * before the first call.
 *
 * @throws {GantryError} `invalid-name` for anything else.
 *
 * @example
 * ```ts
 * import { registry } from "@gantry/oci/registry";
 *
 * const app = registry("localhost:5000/app", {
 *   transport: () => Promise.resolve(new Response('{"tags":["v1"]}')),
 * });
 * for await (const tag of app.names()) console.log(tag); // v1
 * ```
 */
export function registry(repository: string, options?: RegistryOptions): Registry {
  return registries(options)(repository);
}

/**
 * The names of a registry's repositories. Many registries do not list them.
 *
 * @throws {GantryError} `denied`, `unauthorized`, `unsupported` or `not-found` where the registry does not list them.
 */
export function catalog(host: string, options?: RegistryOptions & Options): AsyncIterable<string> {
  return registries(options).catalog(host, options);
}

/**
 * A client for several repositories, which log in once and share what they learn.
 *
 * @example
 * ```ts
 * import { registries } from "@gantry/oci/registry";
 *
 * const open = registries({ userAgent: "mirror/1.0" });
 * const [from, to] = [open("quay.io/acme/app"), open("quay.io/acme/copy")];
 * console.log(from.registry === to.registry); // true
 * ```
 */
export function registries(options?: RegistryOptions): Registries {
  const client = new Client(withDefaults(options));
  const open = (name: string) => new RepositoryTarget(openRepository(client, name));
  return Object.assign(open, {
    catalog(registry: string, options: Options = {}): AsyncIterable<string> {
      checkRegistry(registry);
      return listRepositories(client, registry, options);
    },
  });
}
