import type { Credentials, CredentialsProvider } from "../content/credentials.ts";

/** Finds credentials: what every client of registries here takes as its `credentials`. */
export type Keychain = CredentialsProvider;

/** The keychain in which there is nothing: everything is public, or refused. */
export const anonymous: Keychain = (): Promise<Credentials | undefined> => Promise.resolve(undefined);

/**
 * Asks one keychain after another, and gives what the first has. What one throws ends the search: it may have had what is
 * looked for.
 *
 * @example
 * ```ts
 * import { chain, github } from "@gantry/oci/keychain";
 *
 * const quay = { username: "acme+robot", password: "secret" };
 * const keychain = chain(
 *   ({ registry }) => Promise.resolve(registry === "quay.io" ? quay : undefined),
 *   github({ token: "ghp_secret" }),
 * );
 * console.log(await keychain({ registry: "ghcr.io", repository: "acme/app", actions: ["pull"] }));
 * ```
 */
export function chain(...keychains: readonly Keychain[]): Keychain {
  return async (request) => {
    for (const keychain of keychains) {
      const credentials = await keychain(request);
      if (credentials) return credentials;
    }
    return undefined;
  };
}
