import { type Bytes, utf8 } from "../bytes.ts";
import { type ErrorCode, GantryError } from "../errors.ts";
import { exchange } from "../http/exchange.ts";
import { redact } from "../http/redact.ts";
import { fetchTransport, type Transport } from "../http/transport.ts";
import { type JsonObject, parseJson } from "../spec/json.ts";

/** What a cloud gives for a login, and how long it is valid. */
export interface AccessToken {
  /** The token. */
  token: string;
  /** In milliseconds since 1970, by our clock. */
  expires: number;
}

/** Gets an access token. Keychains keep it until it expires. */
export type AccessTokenSource = () => Promise<AccessToken>;

/** How clouds are asked. */
export interface CloudOptions {
  /** Sends requests. Default: `fetchTransport()`. */
  transport?: Transport | undefined;
  /** The clock, in milliseconds since 1970. Default: `Date.now`. */
  now?: (() => number) | undefined;
}

/** Of options, those that tell how clouds are asked. */
export function cloudOf({ transport, now }: CloudOptions): CloudOptions {
  return { transport, now };
}

/** A request to a cloud. */
export interface CloudRequest extends CloudOptions {
  /** What is being done, for messages. */
  what: string;
  url: string;
  headers?: Record<string, string>;
  /** With one, it is a POST: of a form, or of bytes. */
  body?: Record<string, string> | Bytes;
}

/** Milliseconds that a cloud has to answer. */
const patience = 15_000;
const mostBytes = 131_072;
/** A token is fetched anew so many milliseconds before it expires. */
const early = 60_000;

/**
 * Asks a cloud, and gives the JSON that it answers with. Redirects are not followed: a secret goes where it was sent.
 *
 * @throws {GantryError} `unauthorized` or `denied` where the cloud refuses, `unavailable` where it fails, `invalid-document`
 * where the answer is no JSON object. The message holds no secret.
 */
export async function askCloud(
  { what, url, headers, body, transport, now: _, ...rest }: CloudRequest,
): Promise<JsonObject> {
  const form = body && !(body instanceof Uint8Array);
  const response = await exchange(transport ?? fetchTransport(), {
    what,
    url: new URL(url),
    method: body ? "POST" : "GET",
    headers: new Headers({
      ...(form && { "content-type": "application/x-www-form-urlencoded" }),
      ...headers,
    }),
    body: form ? utf8(new URLSearchParams(body).toString()) : body,
    connectTimeout: patience,
    responseTimeout: patience,
    idleTimeout: patience,
    errorLimit: mostBytes,
    ...rest,
  });
  const answer = await response.bytes(mostBytes);
  if (response.status === 200) return objectIn(answer, what);
  const codes: Record<number, ErrorCode> = {
    400: "unauthorized",
    401: "unauthorized",
    403: "denied",
    404: "not-found",
  };
  const said = reasonIn(answer);
  throw new GantryError(
    codes[response.status] ?? "unavailable",
    `${what}: ${response.status}${said && ` ${said}`}`,
  );
}

/** The access token in an answer of OAuth2. */
export function accessTokenIn(answer: JsonObject, what: string, now: () => number = Date.now): AccessToken {
  return { token: stringIn(answer, "access_token", what), expires: expiryAfter(answer["expires_in"], now) };
}

/** A text that an answer must hold. */
export function stringIn(answer: JsonObject, name: string, what: string): string {
  const value = answer[name];
  if (typeof value === "string" && value !== "") return value;
  throw new GantryError("invalid-document", `${what}: there is no ${JSON.stringify(name)} in the answer`);
}

/** When to fetch the next token, of one that is valid for so many seconds. */
export function expiryAfter(seconds: unknown, now: () => number): number {
  return now() + Math.max(0, (Number(seconds) || 300) * 1000 - early);
}

/** The JSON object that an answer must be. */
export function objectIn(answer: Uint8Array, what: string): JsonObject {
  try {
    const value = parseJson(answer, what);
    if (typeof value === "object" && value !== null) return value as JsonObject;
  } catch {
    // Said below: what came may hold a secret.
  }
  throw new GantryError("invalid-document", `${what}: the answer is not a JSON object`);
}

/** What went wrong, in the words of OAuth2 or AWS. */
function reasonIn(answer: Uint8Array): string {
  try {
    const { error_description: description, message, Message, error } = parseJson(answer, "") as JsonObject;
    const said = [description, message, Message, error].find((part) => typeof part === "string");
    return redact(String(said ?? ""));
  } catch {
    return "";
  }
}
