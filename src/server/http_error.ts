import { type ErrorCode, GantryError } from "../errors.ts";

/** The error codes of the distribution specification, and those that Docker's registry adds. */
export type RegistryErrorCode =
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

/** One entry of an error response. */
export interface ErrorEntry {
  code: RegistryErrorCode;
  message: string;
  detail?: unknown;
}

/** An error that is answered with a status of its own. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly entries: readonly ErrorEntry[];
  readonly headers: Record<string, string>;

  constructor(status: number, entries: readonly ErrorEntry[], headers: Record<string, string> = {}) {
    super(entries[0]?.message);
    this.status = status;
    this.entries = entries;
    this.headers = headers;
  }
}

/** An error with one entry. */
export function httpError(
  status: number,
  code: RegistryErrorCode,
  message: string,
  extra: { detail?: unknown; headers?: Record<string, string> } = {},
): HttpError {
  const { detail, headers } = extra;
  return new HttpError(status, [{ code, message, ...(detail !== undefined && { detail }) }], headers);
}

/** How an error is answered. The message of one that storage threw is not shown: it may name paths of this machine. */
export function httpErrorFrom(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const known = GantryError.is(error) ? byCode[error.code] : undefined;
  return httpError(...(known ?? [500, "UNKNOWN", "the registry failed"]));
}

const byCode: { [Key in ErrorCode]?: [number, RegistryErrorCode, string] } = {
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

/**
 * Waits for work that looks for something.
 *
 * @throws {HttpError} 404 with this code and message where the work throws `not-found`.
 */
export async function orNotFound<T>(work: Promise<T>, code: RegistryErrorCode, message: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (GantryError.is(error, "not-found")) throw httpError(404, code, message);
    throw error;
  }
}
