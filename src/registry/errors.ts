import { type ErrorCode, GantryError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import type { HttpResponse } from "../http/response.ts";
import { connectionFailureOf } from "../http/unreachable.ts";
import { redact } from "../http/redact.ts";
import { defaultRetryPolicy } from "../http/retry.ts";
import { type Digest, isDigest } from "../spec/digest.ts";

/** What a registry said when it refused a request: the `cause` of our error. */
export interface RegistryError {
  /** The HTTP status. */
  status: number;
  /** The codes of its errors, such as `MANIFEST_UNKNOWN`. */
  codes: string[];
  /** The digests that its errors name, such as those of blobs that are missing. */
  digests: Digest[];
  /** The host that answered, and its port. */
  host: string;
}

// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
const byCode = new Map<string, ErrorCode>(Object.entries({
  DIGEST_INVALID: "digest-mismatch",
  MANIFEST_BLOB_UNKNOWN: "not-found",
  NAME_INVALID: "invalid-name",
  SIZE_INVALID: "size-mismatch",
  TAG_INVALID: "invalid-name",
  UNSUPPORTED: "unsupported",
}));

const byStatus: Record<number, ErrorCode> = {
  401: "unauthorized",
  403: "denied",
  404: "not-found",
  405: "unsupported",
  409: "conflict",
  410: "not-found",
  411: "unsupported",
  412: "conflict",
  413: "too-large",
  416: "conflict",
  429: "rate-limited",
  501: "unsupported",
};

/**
 * Throws unless the response has one of these statuses.
 *
 * @throws {GantryError} what {@link errorFrom} makes of it.
 */
export async function ensure(response: HttpResponse, ...statuses: number[]): Promise<void> {
  if (!statuses.includes(response.status)) throw await errorFrom(response);
}

/** The error that a response stands for. Reads its body. */
export async function errorFrom(response: HttpResponse): Promise<GantryError> {
  const { status, what, note } = response;
  const body = await response.bytes(response.errorLimit).catch(() => undefined);
  const errors = body ? readErrors(body) : [];
  const codes = errors.map(({ code }) => code).filter((code) => code !== "");
  // The status decides. The codes of the registry tell apart what it leaves open.
  const open = status >= 400 && status < 500 && !isTransientStatus(status);
  const code = byStatus[status] ??
    (open ? codes.map((code) => byCode.get(code)).find((code) => code) ?? "invalid-document" : "unavailable");
  const said = joined(errors.map(({ code, message }) => joined([code, message], ": ")), "; ");
  const cause: RegistryError = { status, codes, digests: digestsIn(body), host: response.url.host };
  const notes = joined([note ?? "", waitOf(response)], "; ");
  return new GantryError(code, `${what}: ${status} ${said || code}${notes && ` (${notes})`}`, { cause });
}

/** How long the registry asks us to wait, for people. */
function waitOf({ headers }: HttpResponse): string {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,10}$/.test(value)) return `to be tried again in ${value} s`;
  return /^[A-Za-z]{3,9}, [\w :-]{1,40}$/.test(value) ? `to be tried again after ${value}` : "";
}

/** What the registry said, if that is the cause of the error. */
export function registryErrorOf(error: unknown): RegistryError | undefined {
  const cause = GantryError.is(error) ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "codes" in cause ? cause as RegistryError : undefined;
}

/** Whether a status may be another one in a moment. */
export function isTransientStatus(status: number): boolean {
  return defaultRetryPolicy.statuses.includes(status);
}

/** Whether an error may be gone in a moment: of the connection, or with a transient status. */
export function isTransient(error: unknown): boolean {
  const said = registryErrorOf(error);
  if (said) return isTransientStatus(said.status);
  return GantryError.is(error, "unavailable") && !isLasting(connectionFailureOf(error)?.reason);
}

/** Whether a connection fails for a reason that stays. */
function isLasting(reason: string | undefined): boolean {
  return reason === "certificate" || reason === "no-tls" || reason === "no-address";
}

function digestsIn(body: Uint8Array | undefined): Digest[] {
  const found: readonly string[] = new TextDecoder().decode(body).match(/\bsha\d+:[0-9a-f]+/g) ?? [];
  return found.filter(isDigest);
}

/** `{"errors":[{"code","message","detail"}]}`, or whatever text came instead. */
function readErrors(body: Uint8Array): { code: string; message: string }[] {
  const string = (value: unknown) => redact(typeof value === "string" ? value : "");
  try {
    const { errors, message, details } = parseJson(body, "error") as Record<string, unknown>;
    if (!Array.isArray(errors)) return [{ code: "", message: string(message ?? details) }];
    return errors.slice(0, 5).map((error) => ({
      code: string(error?.code),
      message: joined([error?.message, error?.detail].map(string), "; "),
    }));
  } catch {
    const text = new TextDecoder().decode(body);
    return /^\s*</.test(text) ? [] : [{ code: "", message: redact(text) }];
  }
}

function joined(parts: readonly string[], by: string): string {
  return parts.filter((part) => part !== "").join(by);
}
