import { type ErrorCode, GantryError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import type { Answer } from "../http/response.ts";
import { redact } from "../http/redact.ts";

/** What a registry said when it refused; the `cause` of the error. */
export interface Refusal {
  /** The HTTP status. */
  status: number;
  /** The codes of its errors, such as `MANIFEST_UNKNOWN`. */
  codes: string[];
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

/** Throws the error for an answer whose status is none of those hoped for. */
export async function ensure(answer: Answer, ...statuses: number[]): Promise<void> {
  if (!statuses.includes(answer.status)) throw await fault(answer);
}

/** The error for an answer; reads its body. */
export async function fault(answer: Answer): Promise<GantryError> {
  const { status, what, note } = answer;
  const body = await answer.bytes(answer.errorLimit).catch(() => undefined);
  const errors = body ? readErrors(body) : [];
  const codes = errors.map(({ code }) => code).filter((code) => code !== "");
  // The status decides; codes only tell apart what it leaves open.
  const open = status >= 400 && status < 500 && !isPassing(status);
  const code = byStatus[status] ??
    (open ? codes.map((code) => byCode.get(code)).find((code) => code) ?? "invalid-document" : "unavailable");
  const said = joined(errors.map(({ code, message }) => joined([code, message], ": ")), "; ");
  const cause: Refusal = { status, codes };
  return new GantryError(code, `${what}: ${status} ${said || code}${note ? ` (${note})` : ""}`, { cause });
}

/** What was refused, if the error is such a refusal. */
export function refusalOf(error: unknown): Refusal | undefined {
  const cause = GantryError.is(error) ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "codes" in cause ? cause as Refusal : undefined;
}

/** Statuses that may be others in a moment; 499 and 522 come from proxies. */
export function isPassing(status: number): boolean {
  return [408, 429, 499, 500, 502, 503, 504, 522].includes(status);
}

/** Whether it failed for the moment: the connection, or what the server said. */
export function passes(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal ? isPassing(refusal.status) : GantryError.is(error, "unavailable");
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
