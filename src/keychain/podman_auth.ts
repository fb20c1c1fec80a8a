import { join } from "node:path";
import process from "node:process";
import { chain, type Keychain } from "./chain.ts";
import { type ConfigDocument, credentialsAt, parseDockercfg } from "./config_document.ts";
import { credentialsFrom, homeOf, readConfigFile, readIfThere } from "./config_file.ts";
import type { ConfigFileOptions } from "./docker_config.ts";
import type { Variables } from "./execute.ts";
import { helperCache } from "./helper.ts";

/**
 * What `podman login` keeps, and skopeo, buildah and their kin: in the file that `REGISTRY_AUTH_FILE` names, or in
 * `containers/auth.json` in the user's directory for what ends with the session, then in that for settings, and last in
 * `~/.dockercfg`. A key may name a part of a registry, such as `quay.io/acme`.
 *
 * @throws {GantryError} From the keychain: as {@link dockerConfig}.
 *
 * @example
 * ```ts
 * import { podmanAuth } from "@gantry/oci/keychain";
 *
 * const keychain = podmanAuth({ env: { REGISTRY_AUTH_FILE: "/nonexistent/auth.json" } });
 * console.log(await keychain({ registry: "quay.io", repository: "acme/app", actions: ["pull"] })); // undefined
 * ```
 */
export function podmanAuth(options: ConfigFileOptions = {}): Keychain {
  const { env = process.env } = options;
  const ask = helperCache(options);
  const files = authFiles(env).map((path): Keychain => async (request) => {
    const document = await readConfigFile(path);
    return document && await credentialsFrom(document, request, (name) => ask(name, request.registry));
  });
  const legacy: Keychain = async (request) => {
    const document = await readDockercfg(join(homeOf(env), ".dockercfg"));
    return document && credentialsAt(document, request);
  };
  return chain(...files, ...(env["REGISTRY_AUTH_FILE"] ? [] : [legacy]));
}

function authFiles(env: Variables): string[] {
  if (env["REGISTRY_AUTH_FILE"]) return [env["REGISTRY_AUTH_FILE"]];
  const user = process.getuid?.();
  const session = env["XDG_RUNTIME_DIR"]
    ? join(env["XDG_RUNTIME_DIR"], "containers")
    : user === undefined
    ? undefined
    : `/run/containers/${user}`;
  const settings = join(env["XDG_CONFIG_HOME"] || join(homeOf(env), ".config"), "containers");
  return [session, settings].flatMap((directory) => directory ? join(directory, "auth.json") : []);
}

async function readDockercfg(path: string): Promise<ConfigDocument | undefined> {
  const bytes = await readIfThere(path);
  return bytes && parseDockercfg(bytes, JSON.stringify(path));
}
