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

/** The kind of a failure, and what we call it. `text` is what the runtime says. */
export type NameFailure = (text: string) => [reason: ConnectionFailure["reason"], said: string | undefined];

/**
 * The error for a connection that could not be made, or that broke, in the words of `nameFailure`, or else in those of the
 * runtime.
 */
export function unreachable(
  what: string,
  url: URL,
  error: unknown,
  nameFailure: NameFailure = () => ["other", undefined],
): GantryError {
  if (GantryError.is(error)) return error;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  const code = String((inner as { code?: unknown } | undefined)?.code ?? "");
  const [reason, said] = nameFailure(`${code} ${text}`);
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
