import { readFile } from "node:fs/promises";
import { storageError } from "../../../disk/errors.ts";
import { GantryError } from "../../../errors.ts";
import { htpasswd } from "../../../server/auth/htpasswd.ts";
import { tokenCheck, type TokenKey, tokenServer } from "../../../server/auth/tokens.ts";
import { allowByRules, type Handler, isGranted, protect, type ProtectOptions } from "../../../server/mod.ts";
import { parseJson } from "../../../spec/json.ts";
import type { ServeConfig, TokenConfig } from "./config.ts";

/** What rules say where there are none. */
const everything = ["pull", "push", "delete", "catalog"];

/** Puts users, rules and tokens of a configuration in front of a registry. */
export async function protectedBy(config: ServeConfig, handler: Handler): Promise<Handler> {
  const { htpasswd: path, tokens, rules } = config;
  if (path === undefined && !tokens && !rules) return handler;
  const known = path !== undefined || tokens !== undefined;
  const allow = allowByRules(rules ?? [{ actions: everything, ...(known && { users: ["*"] }) }]);
  const users = path === undefined ? () => Promise.resolve(undefined) : htpasswd(await readText(path));
  if (!tokens) return protect(handler, { authenticate: users, allow });
  return await protectedByTokens(tokens, { authenticate: users, allow }, handler);
}

async function protectedByTokens(
  { realm, service, issuer, key, keys }: TokenConfig,
  users: Pick<ProtectOptions, "authenticate" | "allow">,
  handler: Handler,
): Promise<Handler> {
  const identity = { issuer, service };
  const own = key === undefined ? undefined : await readKey(key);
  const check = tokenCheck({ ...identity, keys: own ? [publicPart(own)] : await readKeys(keys!) });
  const registry = protect(handler, {
    authenticate: check,
    allow: (visitor, access) => access.actions.every((action) => isGranted(visitor, access, action)),
    challenge: { scheme: "bearer", realm, service },
  });
  if (!own) return registry;
  const { pathname } = new URL(realm);
  const server = tokenServer({ ...identity, ...users, key: own });
  return (request, client) =>
    new URL(request.url).pathname === pathname ? server(request) : registry(request, client);
}

async function readKey(path: string): Promise<Exclude<TokenKey, Uint8Array>> {
  const key = parseJson(new TextEncoder().encode(await readText(path)), path) as Exclude<
    TokenKey,
    Uint8Array
  >;
  if (key !== null && typeof key === "object" && typeof key.alg === "string") return key;
  throw new GantryError(
    "invalid-document",
    `read ${JSON.stringify(path)}: not a JSON Web Key that names its algorithm`,
  );
}

async function readKeys(keys: string): Promise<TokenKey[] | URL> {
  if (/^https?:/.test(keys)) return new URL(keys);
  const set = parseJson(new TextEncoder().encode(await readText(keys)), keys) as { keys?: TokenKey[] } | null;
  if (Array.isArray(set?.keys)) return set.keys;
  throw new GantryError("invalid-document", `read ${JSON.stringify(keys)}: not a set of JSON Web Keys`);
}

/** A key without what only its owner knows; a shared secret stays one. */
function publicPart(
  { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest }: Exclude<TokenKey, Uint8Array>,
): TokenKey {
  return { ...rest, ...(rest.key_ops && { key_ops: ["verify"] }) };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw storageError(`read ${JSON.stringify(path)}`, error);
  }
}
