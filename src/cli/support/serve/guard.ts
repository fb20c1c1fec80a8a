import { clientKey, cors, type Handler, limit, routeFor } from "../../../server/mod.ts";
import { protectedBy } from "./auth.ts";
import type { ServeConfig } from "./config.ts";

/** How many uploads of a repository may be begun and not ended. */
const mostUploads = 1000;

/**
 * Asks who is there, and bounds what they do: addresses before anything is known of who is there, so that nobody guesses
 * passwords for long.
 */
export async function guarded(config: ServeConfig, registry: Handler): Promise<Handler> {
  const { address, user, repository } = config.limits ?? {};
  const repositories = limit(registry, { openUploads: mostUploads, ...repository, by: repositoryOf });
  const users = user ? limit(repositories, { ...user, by: (_, client) => client.user }) : repositories;
  const known = await protectedBy(config, users);
  const addresses = address
    ? limit(known, { ...address, by: (_, client) => client.address && clientKey(client.address) })
    : known;
  return config.cors ? cors(addresses, config.cors) : addresses;
}

function repositoryOf(request: Request): string | undefined {
  const route = routeFor(request);
  return route && "repository" in route ? route.repository : undefined;
}
