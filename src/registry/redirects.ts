import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import { isReplayable, type RegistryRequest } from "./request.ts";

/** Where a response redirects to, if the request may follow: never by changing its method. */
export function redirectLocation(
  { method }: RegistryRequest,
  { status, headers }: HttpResponse,
): string | undefined {
  const safe = method === "GET" || method === "HEAD";
  const follows = status === 307 || status === 308 ||
    (safe && (status === 301 || status === 302 || status === 303));
  return follows ? headers.get("location") ?? undefined : undefined;
}

/**
 * Checks that a redirected request can be sent again.
 *
 * @throws {GantryError} `consumed`.
 */
export function requireReplayable(request: RegistryRequest, { url }: HttpResponse): void {
  if (isReplayable(request)) return;
  throw new GantryError(
    "consumed",
    `${request.what}: ${url.host} redirects, and the content cannot be sent twice`,
  );
}

/** Whether a redirect leads to the same origin. */
export function staysAt({ href, origin }: URL, location: string): boolean {
  return URL.canParse(location, href) && new URL(location, href).origin === origin;
}
