import process from "node:process";
import { chain, type Keychain } from "./chain.ts";
import { parseConfigDocument } from "./config_document.ts";
import { credentialsFrom, dockerConfigPath, readConfigFile } from "./config_file.ts";
import type { HelperOptions } from "./execute.ts";
import { helperCache } from "./helper.ts";
import { dockerKey } from "./server_key.ts";

/** How files with credentials are found, and helpers run. */
export type ConfigFileOptions = HelperOptions;

/**
 * What `docker login` keeps: in `DOCKER_AUTH_CONFIG`, then in the `config.json` of `DOCKER_CONFIG` or `~/.docker`, and in the
 * helpers that it names. The file is read each time, so that a login is known at once.
 *
 * @throws {GantryError} From the keychain: `invalid-document` where the file or the entry cannot be read, and what
 * {@link credentialHelper} throws.
 *
 * @example
 * ```ts
 * import { dockerConfig } from "@gantry/oci/keychain";
 * import { registries } from "@gantry/oci/registry";
 *
 * const open = registries({ credentials: dockerConfig({ env: { DOCKER_CONFIG: "/nonexistent" } }) });
 * console.log(open("quay.io/acme/app").registry);
 * ```
 */
export function dockerConfig(options: ConfigFileOptions = {}): Keychain {
  return chain(dockerAuthConfig(options), dockerConfigFile(options));
}

/** What is in `DOCKER_AUTH_CONFIG`, which holds a document as the file does. */
export function dockerAuthConfig(options: ConfigFileOptions = {}): Keychain {
  const { env = process.env } = options;
  const ask = helperCache(options);
  return async (request) => {
    const variable = env["DOCKER_AUTH_CONFIG"];
    if (!variable) return undefined;
    const document = parseConfigDocument(variable, "DOCKER_AUTH_CONFIG");
    return await credentialsFrom(document, request, (name) => ask(name, dockerKey(request.registry)));
  };
}

/** What is in `config.json`, and in the helpers that it names. */
export function dockerConfigFile(options: ConfigFileOptions = {}): Keychain {
  const { env = process.env } = options;
  const ask = helperCache(options);
  return async (request) => {
    const document = await readConfigFile(dockerConfigPath(env));
    return document &&
      await credentialsFrom(document, request, (name) => ask(name, dockerKey(request.registry)));
  };
}
