import type { HttpResponse } from "../http/response.ts";

/** The bytes that a response holds, from `start` up to `end`, and of how many; undefined where it does not say so, or names several ranges. */
export function contentRangeOf(
  { headers }: HttpResponse,
): { start: number; end: number; size: number | undefined } | undefined {
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(header(headers)) ?? [];
  if (from === undefined) return undefined;
  return { start: Number(from), end: Number(to) + 1, size: size === "*" ? undefined : Number(size) };
}

/** How many bytes there are, as a response says that has none of them. */
export function sizeBehind({ headers }: HttpResponse): number | undefined {
  const [, size] = /^bytes \*\/(\d+)$/i.exec(header(headers)) ?? [];
  return size === undefined ? undefined : Number(size);
}

function header(headers: Headers): string {
  return (headers.get("content-range") ?? "").trim();
}
