import { utf8 } from "../bytes.ts";
import type { Credentials } from "../content/credentials.ts";
import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
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
  let response = await ask(send, request, signal);
  // Some refuse what they would grant one by one. What is missing stands first.
  if ([400, 401, 403].includes(response.status) && request.scopes.length > 1) {
    await response.discard();
    response = await ask(send, { ...request, scopes: request.scopes.slice(0, 1) }, signal);
  }
  if (response.status !== 200) {
    response.note = request.note;
    throw await errorFrom(response);
  }
  return parseToken(await response.bytes(limit), response.what, now());
}

/**
 * Identity tokens are exchanged by POST (OAuth2), everything else by GET. A server that knows only one of the two is asked
 * by that; by GET it sees no identity token, which is no password, so that it grants what anybody may.
 */
async function ask(send: SendRequest, request: TokenRequest, signal: AbortSignal): Promise<HttpResponse> {
  const { credentials } = request;
  const form = credentials && formFor(credentials);
  const ways = [byGet(request), ...(form ? [byPost(request, form)] : [])];
  if (form?.["refresh_token"] !== undefined) ways.reverse();
  const response = await send({ ...ways[0]!, signal });
  if (![404, 405].includes(response.status) || !ways[1]) return response;
  await response.discard();
  return await send({ ...ways[1], signal });
}

/** What an OAuth2 form says of the credentials. */
function formFor(credentials: Credentials): Record<string, string> | undefined {
  if ("identityToken" in credentials) {
    return { grant_type: "refresh_token", refresh_token: credentials.identityToken };
  }
  return "username" in credentials ? { grant_type: "password", ...credentials } : undefined;
}

function byPost(request: TokenRequest, credentials: Record<string, string>): RegistryRequest {
  const { realm, service, scopes } = request;
  const form = new URLSearchParams({ ...credentials, client_id: "gantry", scope: scopes.join(" ") });
  if (service !== undefined) form.set("service", service);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { ...common(request), method: "POST", to: realm, headers, body: utf8(form.toString()) };
}

function byGet(request: TokenRequest): RegistryRequest {
  const { realm, service, scopes, credentials } = request;
  const pairs: [string, string][] = scopes.map((scope) => ["scope", scope]);
  if (service !== undefined) pairs.unshift(["service", service]);
  const authorization = basicAuthorization(credentials);
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return { ...common(request), method: "GET", to: withQuery(realm, pairs), headers };
}

function common({ what, realm }: TokenRequest): Pick<RegistryRequest, "what" | "scopes" | "login"> {
  return { what: `${what} at ${realm.host}${realm.pathname}`, scopes: [], login: true };
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
