import process from "node:process";
import { GantryError } from "../errors.ts";
import { isRegistry, isRepository } from "../spec/reference.ts";
import { encodeAuth } from "./auth_entry.ts";
import { changeFile } from "./change_file.ts";
import { helperFor } from "./config_document.ts";
import { dockerConfigPath, readConfigFile, readIfThere } from "./config_file.ts";
import type { EntryFields } from "./edit_config.ts";
import type { HelperOptions } from "./execute.ts";
import { eraseFromHelper, storeInHelper } from "./helper.ts";
import { dockerKey, findKey, hostnameOf, parseServerKey, type Server } from "./server_key.ts";

/** How credentials are kept. */
export interface LoginOptions extends HelperOptions {
  /** Ends the waiting for another process that changes the same file. */
  signal?: AbortSignal | undefined;
}

/** Where credentials were stored, or removed. */
export interface LoginPlace {
  /** Docker's `config.json`. */
  path: string;
  /** The helper that keeps the secret, without `docker-credential-`. */
  helper: string | undefined;
}

const noSecrets: EntryFields = {
  auth: undefined,
  username: undefined,
  password: undefined,
  identitytoken: undefined,
  registrytoken: undefined,
};

/**
 * Keeps a name and a password for a registry where `docker login` does: in the helper that Docker's `config.json` names for it,
 * else in the file itself, of which all else stays as it is. Whether the registry takes them is not asked.
 *
 * @param server A registry, or the beginning of repositories' names there: `quay.io/acme`.
 * @throws {GantryError} `invalid-name` for what is no registry, `invalid-document` where the file cannot be read, `storage`
 * where it cannot be written, and what helpers throw.
 *
 * @example
 * ```ts ignore
 * import { login } from "@gantry/oci/keychain";
 *
 * await login("quay.io", { username: "me", password: process.env.PASSWORD ?? "" });
 * ```
 */
export async function login(
  server: string,
  { username, password }: { username: string; password: string },
  options: LoginOptions = {},
): Promise<LoginPlace> {
  const key = keyOf(parseServer(server));
  const place = await placeOf(server, options);
  if (place.helper !== undefined) {
    await storeInHelper(place.helper, key, { username, password }, options);
    // As Docker leaves it: the entry tells that there is a login.
    await changeEntries(place, { [key]: noSecrets }, options);
  } else {
    await changeEntries(place, { [key]: { ...noSecrets, auth: encodeAuth(username, password) } }, options);
  }
  return place;
}

/**
 * Removes what {@link login}, or another's login, has kept for a registry: in Docker's `config.json` and in the helper that it
 * names.
 *
 * @throws {GantryError} As {@link login}.
 */
export async function logout(server: string, options: LoginOptions = {}): Promise<LoginPlace> {
  const parsed = parseServer(server);
  const place = await placeOf(server, options);
  if (place.helper !== undefined) await eraseFromHelper(place.helper, keyOf(parsed), options);
  if (await readIfThere(place.path) === undefined) return place;
  const auths = Object.keys((await readConfigFile(place.path))?.auths ?? {});
  const entries = auths.filter((key) => isFor(key, parsed)).map((key) => [key, undefined] as const);
  if (entries.length > 0) await changeEntries(place, Object.fromEntries(entries), options);
  return place;
}

/**
 * The registry, and what follows it, in what a user or a helper calls a server: `quay.io`, `https://quay.io/v2/`,
 * `quay.io/acme`.
 *
 * @throws {GantryError} `invalid-name`.
 */
export function parseServer(server: string): Server {
  const { path } = parseServerKey(server);
  const host = hostnameOf(server);
  if (isRegistry(host) && (path === "" || isRepository(path))) {
    return { registry: parseServerKey(host).host, repository: path || undefined };
  }
  throw new GantryError("invalid-name", `log in to ${JSON.stringify(server)}: it is no registry`);
}

function keyOf({ registry, repository }: Server): string {
  return repository === undefined ? dockerKey(registry) : `${registry}/${repository}`;
}

/** Whether an entry is exactly for this server, however its key is written. */
function isFor(key: string, server: Server): boolean {
  return findKey([key], server) !== undefined && parseServerKey(key).path === (server.repository ?? "");
}

async function placeOf(server: string, { env = process.env }: LoginOptions): Promise<LoginPlace> {
  const path = dockerConfigPath(env);
  const document = await readConfigFile(path);
  return { path, helper: document && helperFor(document, parseServer(server).registry) };
}

async function changeEntries(
  { path }: LoginPlace,
  entries: Record<string, EntryFields | undefined>,
  { signal }: LoginOptions,
): Promise<void> {
  // With a package, which nobody needs who only looks for credentials.
  const { editEntries } = await import("./edit_config.ts");
  await changeFile(path, (text) => editEntries(text, entries, JSON.stringify(path)), { signal });
}
