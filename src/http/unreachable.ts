import { GantryError } from "../errors.ts";
import { redact } from "./redact.ts";

/** Why a host did not answer: the `cause` of our error. */
export interface ConnectionFailure {
  /** Host and port. */
  host: string;
  /** The kind of failure; `other` for what no runtime has a name for. */
  reason:
    | "no-address"
    | "refused"
    | "unroutable"
    | "unconnected"
    | "certificate"
    | "no-tls"
    | "no-http"
    | "closed"
    | "silent"
    | "other";
  /** What the runtime threw, unless it holds a secret. */
  error?: unknown;
}

/** What runtimes call a failure, by code or by message, and what we call it. The first that matches is taken. */
const reasons: Partial<Record<ConnectionFailure["reason"], readonly [RegExp, said: string]>> = {
  "no-address": [/ENOTFOUND|EAI_|dns error/, "its name has no address"],
  "refused": [/ECONNREFUSED|connection refused/i, "the connection is refused"],
  "unroutable": [/EHOSTUNREACH|ENETUNREACH|unreachable/i, "no way leads there"],
  "no-tls": [
    /wrong.version.number|EPROTO|InvalidContentType|TLS handshake failed/i,
    "HTTPS is not spoken there",
  ],
  "certificate": [/certificate|CERT_|_CERT|LEAF_SIGNATURE|ALTNAME/i, "its certificate is not trusted"],
  "closed": [
    /ECONNRESET|EPIPE|UND_ERR_SOCKET|connection (?:reset|closed)|hang up|terminated|unexpected EOF|handshake eof/i,
    "the connection broke",
  ],
  "no-http": [/HPE_|malformed.http|invalid HTTP|match the HTTP/i, "HTTP is not spoken there"],
};

/** The error for a connection that could not be made, or that broke. */
export function unreachable(what: string, url: URL, error: unknown): GantryError {
  if (GantryError.is(error)) return error;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  const code = String((inner as { code?: unknown } | undefined)?.code ?? "");
  const [reason, said] = reasonFor(`${code} ${text}`);
  const safe = redact(text);
  const detail = said === undefined ? safe : reason === "certificate" ? `${said}: ${safe}` : said;
  const cause: ConnectionFailure = { host: url.host, reason };
  // Runtimes put the URL into the message, and it may be signed.
  if (safe === text) cause.error = error;
  return new GantryError("unavailable", `${what}: no answer from ${url.host}: ${detail}`, { cause });
}

/** The error for a host that takes too long. */
export function silent(
  what: string,
  { host }: URL,
  { connected, waited }: { connected: boolean; waited: number },
): GantryError {
  const seconds = `${Math.round(waited / 100) / 10} s`;
  const text = connected
    ? `${host} keeps silent: nothing came for ${seconds}`
    : `no answer from ${host}: not connected after ${seconds}`;
  const cause: ConnectionFailure = { host, reason: connected ? "silent" : "unconnected" };
  return new GantryError("unavailable", `${what}: ${text}`, { cause });
}

/** Why the host did not answer, if that is the cause of the error. */
export function connectionFailureOf(error: unknown): ConnectionFailure | undefined {
  const cause = GantryError.is(error) ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "reason" in cause && "host" in cause
    ? cause as ConnectionFailure
    : undefined;
}

function reasonFor(text: string): [reason: ConnectionFailure["reason"], said: string | undefined] {
  for (const [reason, [pattern, said]] of Object.entries(reasons)) {
    if (pattern.test(text)) return [reason as ConnectionFailure["reason"], said];
  }
  return ["other", undefined];
}
