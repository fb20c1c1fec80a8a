import { GantryError } from "../errors.ts";
import { isRegistry, parseRepository } from "../spec/reference.ts";
import { Client } from "./client.ts";
import { type RegistrySourceOptions, withDefaults } from "./options.ts";
import { Repository } from "./repository.ts";
import { type RegistrySource, RepositorySource } from "./source.ts";

/**
 * A repository of a registry, to read from: what {@link registry} opens, without what writes, mirrors, warnings and a bound
 * on requests at once; errors of connections have the words of the runtime. The bundle of an edge function that reads
 * manifests is a third smaller for it.
 *
 * @throws {GantryError} `invalid-name` for what is no repository.
 *
 * @example
 * ```ts
 * import { registrySource } from "@gantry/oci/registry";
 *
 * const app = registrySource("localhost:5000/app", {
 *   transport: () => Promise.resolve(new Response('{"tags":["v1"]}')),
 * });
 * for await (const tag of app.names()) console.log(tag); // v1
 * ```
 */
export function registrySource(repository: string, options?: RegistrySourceOptions): RegistrySource {
  return new RepositorySource(openRepository(new Client(withDefaults(options)), repository));
}

/** A repository by the name that a user gives it. */
export function openRepository(client: Client, name: string): Repository {
  const { registry, repository } = parseRepository(name);
  checkRegistry(registry);
  return new Repository(client, { registry, repository });
}

/** Refuses what the grammar takes and no URL can hold: 127.256.0.1, :99999. */
export function checkRegistry(registry: string): void {
  if (isRegistry(registry) && URL.canParse(`https://${registry}`)) return;
  throw new GantryError("invalid-name", `open ${JSON.stringify(registry)}: it is no registry`);
}
