import { type ErrorCode, GantryError } from "../errors.ts";

/** The error codes of the distribution specification, and those that Docker's registry adds to them. */
export type Code =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "PAGINATION_NUMBER_INVALID"
  | "SIZE_INVALID"
  | "TAG_INVALID"
  | "TOOMANYREQUESTS"
  | "UNAUTHORIZED"
  | "UNAVAILABLE"
  | "UNKNOWN"
  | "UNSUPPORTED";

/** One entry of an error answer. */
export interface Problem {
  code: Code;
  message: string;
  detail?: unknown;
}

/** An answer that says no, thrown from wherever that turns out. */
export class HttpError extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly problems: readonly Problem[];
  readonly headers: Record<string, string>;

  constructor(status: number, problems: readonly Problem[], headers: Record<string, string> = {}) {
    super(problems[0]?.message);
    this.status = status;
    this.problems = problems;
    this.headers = headers;
  }
}

/** A refusal for one reason. */
export function httpError(
  status: number,
  code: Code,
  message: string,
  extra: { detail?: unknown; headers?: Record<string, string> } = {},
): HttpError {
  const { detail, headers } = extra;
  return new HttpError(status, [{ code, message, ...(detail !== undefined && { detail }) }], headers);
}

/** What the client is told of an error that storage threw. Not its message, which may name paths of this machine. */
export function httpErrorFrom(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const known = GantryError.is(error) ? refusals[error.code] : undefined;
  return httpError(...(known ?? [500, "UNKNOWN", "the registry failed"]));
}

const refusals: { [Key in ErrorCode]?: [number, Code, string] } = {
  "invalid-name": [400, "NAME_INVALID", "the name is not valid here"],
  "not-found": [404, "NAME_UNKNOWN", "the repository is not known"],
  "unauthorized": [401, "UNAUTHORIZED", "credentials are required"],
  "denied": [403, "DENIED", "access is denied"],
  "unsupported": [405, "UNSUPPORTED", "the registry cannot do this"],
  "conflict": [409, "UNKNOWN", "another request is changing this"],
  "rate-limited": [429, "TOOMANYREQUESTS", "too many requests"],
  "unavailable": [503, "UNAVAILABLE", "the registry's storage cannot be reached"],
  "storage": [507, "UNKNOWN", "the registry's storage is full or read-only"],
};

/** What `work` gives; where it finds nothing, the refusal that names what is missing. */
export async function orUnknown<T>(work: Promise<T>, code: Code, message: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (GantryError.is(error, "not-found")) throw httpError(404, code, message);
    throw error;
  }
}

/** A function of the target that not every target has. */
export function supported<T>(method: T | undefined, what: string): T {
  if (method === undefined) throw httpError(405, "UNSUPPORTED", `this repository cannot ${what}`);
  return method;
}
