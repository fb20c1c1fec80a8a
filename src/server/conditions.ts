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

/** Whether the client says that it has these bytes. */
export function hasAlready(headers: Headers, digest: Digest): boolean {
  const tags = headers.get("if-none-match")?.split(",") ?? [];
  return tags.some((tag) => {
    const bare = tag.trim().replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
    return bare === "*" || bare === digest;
  });
}

/**
 * What of `size` bytes a request's `Range` asks for: nothing when it asks for all, or for something that need not be
 * understood, like several ranges at once.
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

/** Which bytes of an upload a request brings, if it says so: `0-1023`, both ends included. */
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
