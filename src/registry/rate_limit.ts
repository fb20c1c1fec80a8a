import type { Options } from "../content/contracts.ts";
import { ensure } from "./errors.ts";
import type { Repository } from "./repository.ts";

/** What a registry allows, as it told with an answer. */
export interface RateLimit {
  /** How many pulls within the window; undefined where it does not tell. */
  limit?: number | undefined;
  /** How many are left. */
  remaining?: number | undefined;
  /** How long the window is, in seconds. */
  window?: number | undefined;
  /** Whose pulls are counted: an address or an account, as the registry says. */
  source?: string | undefined;
}

/** Asks for a manifest's headers, which no registry counts as a pull, and reads the limit in them. */
export async function rateLimitOf(
  repository: Repository,
  name: string,
  { signal }: Options,
): Promise<RateLimit> {
  const what = `ask for the rate limit of ${repository.reference(name)}`;
  const response = await repository.send("HEAD", `manifests/${name}`, { what, signal });
  await ensure(response, 200);
  await response.discard();
  // https://docs.docker.com/docker-hub/usage/pulls/#view-pull-rate-and-limit: `100;w=21600`
  const read = (header: string) => /^\s*(\d+)(?:\s*;\s*w=(\d+))?/.exec(response.headers.get(header) ?? "");
  const [limit, remaining] = [read("ratelimit-limit"), read("ratelimit-remaining")];
  return {
    limit: limit ? Number(limit[1]) : undefined,
    remaining: remaining ? Number(remaining[1]) : undefined,
    window: limit?.[2] === undefined ? undefined : Number(limit[2]),
    source: response.headers.get("docker-ratelimit-source") ?? undefined,
  };
}
