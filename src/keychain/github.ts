import type { Keychain } from "./chain.ts";

/** Who logs in to GitHub's registry. */
export interface GithubOptions {
  /** `GITHUB_TOKEN`, or a personal access token. */
  token: string;
  /** `GITHUB_ACTOR`. The registry does not care whose name it is. Default: `unset`. */
  actor?: string | undefined;
}

/**
 * The credentials for ghcr.io, and no other registry.
 *
 * @example
 * ```ts
 * import { github, registry } from "@gantry/oci/edge";
 *
 * const app = registry("ghcr.io/acme/app", { credentials: github({ token: "ghp_secret" }) });
 * console.log(app.registry);
 * ```
 */
export function github({ token, actor }: GithubOptions): Keychain {
  return ({ registry }) =>
    Promise.resolve(registry === "ghcr.io" ? { username: actor || "unset", password: token } : undefined);
}
