import { text } from "../bytes.ts";
import type { Credentials } from "../content/credentials.ts";
import { GantryError } from "../errors.ts";
import type { JsonObject } from "../spec/json.ts";

/** What an entry of `auths` holds. */
export interface AuthEntry {
  username?: string;
  password?: string;
  /** Is exchanged for tokens (OAuth2). */
  identityToken?: string;
  /** Is sent as it is. */
  registryToken?: string;
}

/**
 * Reads an entry of `auths`: `auth`, which is base64 of `username:password`, holds before `username` and `password`.
 *
 * @param what Names the entry in errors: `"quay.io" of "config.json"`.
 * @throws {GantryError} `invalid-document` for an entry that cannot be read. The message does not hold what is in it.
 */
export function parseAuthEntry(value: unknown, what: string): AuthEntry {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw bad(what, "it is not an object");
  const string = (name: string): string | undefined => {
    const found = (value as JsonObject)[name] ?? undefined;
    if (found !== undefined && typeof found !== "string") throw bad(what, `"${name}" is not a string`);
    return found === "" ? undefined : found;
  };
  const auth = string("auth");
  const [username, password] = auth === undefined
    ? [string("username"), string("password")]
    : decodeAuth(auth, what);
  const all = {
    username,
    password,
    identityToken: string("identitytoken"),
    registryToken: string("registrytoken"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, part]) => part !== undefined));
}

/** What logs in: a registry token goes first, then an identity token, as with go-containerregistry. */
export function credentialsIn(entry: AuthEntry): Credentials | undefined {
  const { username, password, identityToken, registryToken } = entry;
  if (registryToken !== undefined) return { registryToken };
  if (identityToken !== undefined) return { identityToken };
  if (!username && !password) return undefined;
  return { username: username ?? "", password: password ?? "" };
}

/** The `auth` of a name and a password. */
export function encodeAuth(username: string, password: string): string {
  // btoa takes only Latin-1.
  return btoa(
    Array.from(new TextEncoder().encode(`${username}:${password}`), (byte) => String.fromCharCode(byte)).join(
      "",
    ),
  );
}

/** Some write it without padding, or with NULs behind the password. A password may hold colons. */
function decodeAuth(auth: string, what: string): [username: string, password: string] {
  let decoded: string;
  try {
    decoded = text(Uint8Array.from(atob(auth), (character) => character.charCodeAt(0)), what);
  } catch {
    throw bad(what, `"auth" is not base64`);
  }
  const colon = decoded.indexOf(":");
  if (colon < 0) throw bad(what, `"auth" is not base64 of username:password`);
  return [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, "")];
}

function bad(what: string, problem: string): GantryError {
  return new GantryError(
    "invalid-document",
    `read the entry ${what}: ${problem}; log in again, or remove it`,
  );
}
