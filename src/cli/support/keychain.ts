import type { CredentialsProvider } from "../../content/credentials.ts";
import { dockerHeaders } from "../../keychain/docker_headers.ts";
import type { Variables } from "../../keychain/execute.ts";

/** What the command is told of credentials that it could not get. */
export type OnProblem = (error: unknown) => void;

/** The default keychain, which is loaded when a registry asks for a login. What it cannot read or run is told, and goes on. */
export function commandKeychain(env: Variables, onProblem: OnProblem): CredentialsProvider {
  let loading: Promise<CredentialsProvider> | undefined;
  return async (request) => {
    // Clouds are reached through the same proxies as registries, but never with a certificate that nothing vouches for.
    loading ??= Promise.all([import("../../keychain/default.ts"), import("../../hosts/transport.ts")])
      .then(([{ defaultKeychain }, { runtimeTransport }]) =>
        defaultKeychain({ env, onProblem, transport: runtimeTransport({ env }) })
      );
    return await (await loading)(request);
  };
}

/** The headers of Docker's config; none, and it is told, where it cannot be read. */
export async function commandHeaders(env: Variables, onProblem: OnProblem): Promise<Record<string, string>> {
  try {
    return await dockerHeaders({ env });
  } catch (error) {
    onProblem(error);
    return {};
  }
}
