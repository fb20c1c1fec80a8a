import { utf8 } from "../bytes.ts";
import type { Credentials } from "../content/credentials.ts";
import { GantryError } from "../errors.ts";
import { withQuery } from "../http/url.ts";
import { type JsonObject, parseJson } from "../spec/json.ts";
import { errorFrom } from "./errors.ts";
import type { RegistryRequest, SendRequest } from "./request.ts";

/** What a token is asked for. */
export interface TokenRequest {
  /** What is being done, for messages: `log in to ghcr.io`. */
  what: string;
  realm: URL;
  service: string | undefined;
  scopes: readonly string[];
  credentials: Credentials | undefined;
  /** What an error should add about the credentials. */
  note: string | undefined;
}

/** A token, and how long it is valid. */
export interface Token {
  token: string;
  /** In milliseconds since 1970, by our clock. */
  expires: number;
  /** The identity token to use from now on. */
  refresh: string | undefined;
  /** All that the token server said. */
  answer: JsonObject;
}

/**
 * Fetches a bearer token. https://distribution.github.io/distribution/spec/auth/token/
 *
 * @throws {GantryError} what the token server's status stands for, `invalid-document` where its answer holds no token.
 */
export async function fetchToken(
  send: SendRequest,
  request: TokenRequest,
  { limit, now, signal }: { limit: number; now: () => number; signal: AbortSignal },
): Promise<Token> {
  const response = await send({ ...httpRequestFor(request), signal });
  if (response.status !== 200) {
    response.note = request.note;
    throw await errorFrom(response);
  }
  return parseToken(await response.bytes(limit), response.what, now());
}

/** Identity tokens are exchanged by POST (OAuth2); everything else is a GET. */
function httpRequestFor({ what, realm, service, scopes, credentials }: TokenRequest): RegistryRequest {
  const request = { what: `${what} at ${realm.host}${realm.pathname}`, scopes: [], login: true };
  if (credentials && "identityToken" in credentials) {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: credentials.identityToken,
      client_id: "gantry",
      scope: scopes.join(" "),
    });
    if (service !== undefined) form.set("service", service);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { ...request, method: "POST", to: realm, headers, body: utf8(form.toString()) };
  }
  const pairs: [string, string][] = scopes.map((scope) => ["scope", scope]);
  if (service !== undefined) pairs.unshift(["service", service]);
  const authorization = basicAuthorization(credentials);
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return { ...request, method: "GET", to: withQuery(realm, pairs), headers };
}

/** Reads the response of a token server. */
function parseToken(body: Uint8Array, what: string, now: number): Token {
  let answer: JsonObject;
  try {
    answer = parseJson(body, "token") as JsonObject;
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
  // Some say less than they mean, or nothing. `issued_at` is by their clock, not ours.
  const seconds = Math.max(60, Number(answer["expires_in"]) || 0);
  return { token, expires: now + (seconds - 5) * 1000, refresh: string("refresh_token"), answer };
}

/** The `Authorization` header for a name and a password, if there are any. */
export function basicAuthorization(credentials: Credentials | undefined): string | undefined {
  if (!credentials || !("username" in credentials)) return undefined;
  const { username, password } = credentials;
  if (username === "" && password === "") return undefined;
  // btoa takes only Latin-1.
  return `Basic ${btoa(String.fromCharCode(...utf8(`${username}:${password}`)))}`;
}
