import { GantryError } from "../errors.ts";
import { redact } from "./redact.ts";

/** The error for a connection that could not be made, or that broke. */
export function unreachable(what: string, url: URL, error: unknown): GantryError {
  if (GantryError.is(error)) return error;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  const reason = redact(text);
  // Runtimes put the URL into the message, and it may be signed.
  const cause = reason === text ? error : undefined;
  return new GantryError("unavailable", `${what}: no answer from ${url.host}: ${reason}`, { cause });
}
