import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import type { Call } from "./client.ts";
import { withQuery } from "../http/url.ts";
import type { Credentials } from "../content/credentials.ts";

/** What a token is asked for. */
export interface TokenRequest {
  realm: URL;
  service: string | undefined;
  scopes: readonly string[];
  credentials: Credentials | undefined;
  /** What an error should add about the credentials. */
  note: string | undefined;
}

/** A token and how long it holds. */
export interface Token {
  token: string;
  /** In milliseconds since 1970, by our clock. */
  expires: number;
  /** Takes the place of the identity token. */
  refresh: string | undefined;
}

/** The request to the token server. https://distribution.github.io/distribution/spec/auth/token/ */
export function tokenCall(
  { realm, service, scopes, credentials }: Omit<TokenRequest, "note">,
  what: string,
): Call {
  const call = { what: `${what} at ${realm.host}${realm.pathname}`, scopes: [], bare: true };
  if (credentials && "identityToken" in credentials) {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: credentials.identityToken,
      client_id: "gantry",
      scope: scopes.join(" "),
    });
    if (service !== undefined) form.set("service", service);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { ...call, method: "POST", to: realm, headers, body: utf8(form.toString()) };
  }
  const pairs: [string, string][] = scopes.map((scope) => ["scope", scope]);
  if (service !== undefined) pairs.unshift(["service", service]);
  const authorization = basic(credentials);
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return { ...call, method: "GET", to: withQuery(realm, pairs), headers };
}

/** Reads what the token server sent. */
export function parseToken(body: Uint8Array, what: string, now: number): Token {
  let answer: Record<string, unknown>;
  try {
    answer = parseJson(body, "token") as Record<string, unknown>;
  } catch {
    throw new GantryError("invalid-document", `${what}: the answer is not JSON`);
  }
  const string = (name: string) => {
    const value = answer?.[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const token = string("access_token") ?? string("token");
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) {
    throw new GantryError("invalid-document", `${what}: there is no token in the answer`);
  }
  // Some say less than they mean, or nothing; their clock (`issued_at`) is not ours.
  const seconds = Math.max(60, Number(answer["expires_in"]) || 0);
  return { token, expires: now + (seconds - 5) * 1000, refresh: string("refresh_token") };
}

/** The header for a name and a password, if there are any. */
export function basic(credentials: Credentials | undefined): string | undefined {
  if (!credentials || !("username" in credentials)) return undefined;
  const { username, password } = credentials;
  if (username === "" && password === "") return undefined;
  // btoa takes Latin-1 only.
  return `Basic ${btoa(String.fromCharCode(...utf8(`${username}:${password}`)))}`;
}
