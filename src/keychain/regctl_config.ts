import { join } from "node:path";
import process from "node:process";
import type { Credentials } from "../content/credentials.ts";
import { GantryError } from "../errors.ts";
import { type JsonObject, parseJson } from "../spec/json.ts";
import { isObject } from "../spec/check.ts";
import type { Keychain } from "./chain.ts";
import { homeOf, readIfThere } from "./config_file.ts";
import type { ConfigFileOptions } from "./docker_config.ts";
import { helperCache } from "./helper.ts";
import { findKey } from "./server_key.ts";

/**
 * What `regctl registry login` keeps: in the file that `REGCTL_CONFIG` names, or in `~/.regctl/config.json`, and in the helpers
 * that it names.
 *
 * @throws {GantryError} From the keychain: as {@link dockerConfig}.
 *
 * @example
 * ```ts
 * import { regctlConfig } from "@gantry/oci/keychain";
 *
 * const keychain = regctlConfig({ env: { REGCTL_CONFIG: "/nonexistent/config.json" } });
 * console.log(await keychain({ registry: "quay.io", repository: "acme/app", actions: ["pull"] })); // undefined
 * ```
 */
export function regctlConfig(options: ConfigFileOptions = {}): Keychain {
  const { env = process.env } = options;
  const ask = helperCache(options);
  return async ({ registry }) => {
    const path = env["REGCTL_CONFIG"] || join(homeOf(env), ".regctl", "config.json");
    const bytes = await readIfThere(path);
    const hosts = bytes?.length ? hostsIn(bytes, JSON.stringify(path)) : {};
    const key = findKey(Object.keys(hosts), { registry });
    const host = key === undefined ? undefined : hosts[key];
    if (!isObject(host)) return undefined;
    const { credHelper, credHost } = host;
    if (typeof credHelper !== "string" || credHelper === "") return credentialsOf(host);
    const server = typeof credHost === "string" && credHost !== "" ? credHost : registry;
    return await ask(credHelper.replace(/^docker-credential-/, ""), server) ?? credentialsOf(host);
  };
}

function hostsIn(bytes: Uint8Array, what: string): JsonObject {
  const { hosts = {} } = parseJson(bytes, what) as JsonObject;
  if (isObject(hosts)) return hosts;
  throw new GantryError("invalid-document", `parse ${what}: "hosts" is not an object`);
}

function credentialsOf({ user, pass, token }: JsonObject): Credentials | undefined {
  if (typeof token === "string" && token !== "") return { identityToken: token };
  if (typeof user !== "string" || typeof pass !== "string" || (user === "" && pass === "")) return undefined;
  return { username: user, password: pass };
}
