import type { Digest } from "../spec/digest.ts";
import { httpError } from "./http_error.ts";

/** Bytes from `start` up to `end`. */
export interface Span {
  start: number;
  end: number;
}

/** The entity tag of bytes that never change. */
export function etagOf(digest: Digest): string {
  return `"${digest}"`;
}

/** What is found by its digest never changes. */
export const unchanging = "max-age=31536000, immutable";

/** Whether `If-None-Match` says that the client has these bytes. */
export function hasAlready(headers: Headers, digest: Digest): boolean {
  const tags = headers.get("if-none-match")?.split(",") ?? [];
  return tags.some((tag) => {
    const bare = tag.trim().replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
    return bare === "*" || bare === digest;
  });
}

/**
 * The bytes, out of `size`, that the `Range` of a request asks for. Undefined when it asks for all of them, or in a way that a
 * server may ignore, such as several ranges.
 */
export function rangeOf(headers: Headers, size: number, digest: Digest): Span | "unsatisfiable" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get("range") ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return undefined;
  const known = headers.get("if-range");
  if (known !== null && known !== etagOf(digest)) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : "unsatisfiable";
}

/**
 * The bytes of an upload that a request brings, if its `Content-Range` tells: `0-1023`, both ends included.
 *
 * @throws {HttpError} 400 for a range that is invalid, or not as long as the body.
 */
export function pieceOf(headers: Headers): Span | undefined {
  const value = headers.get("content-range");
  if (value === null) return undefined;
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(value);
  const [start, end] = [Number(match?.[1]), Number(match?.[2]) + 1];
  if (!match || end <= start) {
    throw httpError(400, "BLOB_UPLOAD_INVALID", "the Content-Range is not FIRST-LAST");
  }
  const length = headers.get("content-length");
  if (length !== null && Number(length) !== end - start) {
    throw httpError(400, "SIZE_INVALID", "the Content-Range and the Content-Length disagree");
  }
  return { start, end };
}
