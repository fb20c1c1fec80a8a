/**
 * Registries as targets.
 *
 * @module
 */

import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { nameFailure } from "../http/failures.ts";
import { RequestBody } from "../http/request_body.ts";
import { Client } from "./client.ts";
import { Endpoints } from "./endpoints.ts";
import { HostSlots } from "./host_slots.ts";
import { Warnings } from "./warnings.ts";
import { ensure } from "./errors.ts";
import { type GoogleListing, listBelow } from "./google_listing.ts";
import { listRepositories } from "./listing.ts";
import { type RegistryOptions, withDefaults } from "./options.ts";
import { checkRegistry, openRepository } from "./open.ts";
import { type RateLimit, rateLimitOf } from "./rate_limit.ts";
import { parseReference } from "../spec/reference.ts";
import { type Registry, RepositoryTarget } from "./target.ts";

/** Opens repositories that share what the client has learned of their registries: tokens, schemes, unfinished uploads. */
export interface Registries {
  /** Opens a repository by a name as {@link registry} takes it. */
  (repository: string): Registry;
  /** The names of a registry's repositories, as {@link catalog} gives them. */
  catalog(registry: string, options?: Options): AsyncIterable<string>;
  /**
   * Logs in to a registry, to see whether it takes the credentials.
   *
   * @throws {GantryError} `unauthorized` or `denied` where it does not, `unavailable` where it cannot be reached.
   */
  ping(registry: string, options?: Options): Promise<void>;
  /**
   * Gets a bearer token for a repository, for use elsewhere.
   *
   * @throws {GantryError} `unsupported` where the registry gives none.
   */
  token(repository: string, options?: TokenOptions): Promise<BearerToken>;
  /**
   * How many pulls a registry allows, and how many are left; nothing of it where it does not tell.
   *
   * @param image `alpine`, `ghcr.io/acme/app:v1`: asking about it counts as no pull.
   */
  rateLimit(image: string, options?: Options): Promise<RateLimit>;
  /** A repository and all below it, as Google's registries list them; elsewhere the repository alone. */
  below(repository: string, options?: Options): AsyncIterable<GoogleListing>;
}

/** What a token is to allow, besides reading from its repository. */
export interface TokenOptions extends Options {
  /** Writing to it. Default: false. */
  push?: boolean | undefined;
  /** Reading from other repositories of the registry, to mount what is there. */
  mount?: readonly string[] | undefined;
}

/** A bearer token, with what the token server said of it. */
export interface BearerToken {
  /** What is sent as `Authorization: Bearer …`. */
  token: string;
  /** The answer of the token server. */
  answer: Readonly<Record<string, unknown>>;
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
  const settings = withDefaults(options);
  const client = new Client(settings, {
    hosts: new Endpoints(settings, settings.environment.now),
    nameFailure,
    streaming: RequestBody,
    slots: new HostSlots(settings.concurrency),
    warnings: new Warnings(settings.warn),
  });
  const open = (name: string) => new RepositoryTarget(openRepository(client, name));
  return Object.assign(open, {
    catalog(registry: string, options: Options = {}): AsyncIterable<string> {
      checkRegistry(registry);
      return listRepositories(client, registry, options);
    },
    async ping(registry: string, { signal }: Options = {}): Promise<void> {
      checkRegistry(registry);
      const request = { what: `log in to ${registry}`, method: "GET", scopes: [], signal } as const;
      const response = await client.send({ ...request, to: { registry, path: "/v2/" } });
      await ensure(response, 200);
      await response.discard();
    },
    async rateLimit(image: string, options: Options = {}): Promise<RateLimit> {
      const { registry, repository, tag, digest } = parseReference(image);
      return await rateLimitOf(
        openRepository(client, `${registry}/${repository}`),
        digest ?? tag ?? "latest",
        options,
      );
    },
    below: (repository: string, options: Options = {}): AsyncIterable<GoogleListing> =>
      listBelow((name) => openRepository(client, name), repository, options),
    async token(name: string, { push, mount = [], signal }: TokenOptions = {}): Promise<BearerToken> {
      const repository = openRepository(client, name);
      const scopes = push ? repository.pushScopes : [repository.scope("pull")];
      const mounted = mount.map((from) => openRepository(client, from).scope("pull"));
      const found = await client.token(repository.registry, [...scopes, ...mounted], signal);
      if (found) return { token: found.token, answer: found.answer };
      const problem = `${repository.registry} gives none, as it does not ask for any`;
      throw new GantryError("unsupported", `get a token for ${repository.reference()}: ${problem}`);
    },
  });
}
