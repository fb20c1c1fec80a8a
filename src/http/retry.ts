import type { Environment } from "./environment.ts";

/** Milliseconds until the next try: what the server asks for, up to a minute, or else twice as long each time. */
export function retryDelay(
  attempt: number,
  headers: Headers | undefined,
  { now, random }: Pick<Environment, "now" | "random">,
): number {
  const jitter = 0.5 + random();
  const asked = retryAfter(headers?.get("retry-after") ?? "", now());
  if (asked !== undefined) return Math.min(asked, 60_000) + 250 * jitter;
  return Math.min(500 * 2 ** attempt, 30_000) * jitter;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date. */
function retryAfter(value: string, now: number): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : NaN;
  return date >= now ? date - now : undefined;
}
