/** How to log in to a registry. */
export type Credentials =
  /** A name and a password, or a personal access token in its place. */
  | { username: string; password: string }
  /** A bearer token that is sent as it is. */
  | { registryToken: string }
  /** A refresh token that is exchanged for bearer tokens (OAuth2). */
  | { identityToken: string };

/** What credentials are needed for. */
export interface CredentialsRequest {
  /** The registry, as users name it: `docker.io`, `localhost:5000`. */
  registry: string;
  /** The repository, without the registry. Undefined for what concerns the whole registry, such as its catalog. */
  repository?: string | undefined;
  /**
   * What is to be done there, sorted: `pull`, `push`, `delete`, or `*` for all of it. Empty where a registry has redirected
   * to this host and it asks for a login too.
   */
  actions: readonly string[];
}

/**
 * Finds the credentials for a request; undefined where there are none. What it throws is thrown by what needed them.
 *
 * @example
 * ```ts
 * import type { CredentialsProvider } from "@gantry/oci/content";
 *
 * const provider: CredentialsProvider = ({ registry, repository }) =>
 *   Promise.resolve(
 *     registry === "quay.io" && repository?.startsWith("acme/")
 *       ? { username: "acme+robot", password: "secret" }
 *       : undefined,
 *   );
 * console.log(await provider({ registry: "quay.io", repository: "other/app", actions: ["pull"] })); // undefined
 * ```
 */
export type CredentialsProvider = (request: CredentialsRequest) => Promise<Credentials | undefined>;
