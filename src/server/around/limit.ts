import type { Client, Handler } from "../handler.ts";
import { httpError } from "../http_error.ts";
import { refusal } from "../responses.ts";
import { routeFor } from "../routes.ts";
import { type Allowance, Allowances } from "./allowances.ts";

/** How much may be done by all whose requests count together. What is not said is not limited. */
export interface ClientLimits {
  /** Requests a second, in the long run. */
  requests?: number | undefined;
  /** How many requests may come at once. Default: as many as in one second, but at least one. */
  burst?: number | undefined;
  /** How many requests may be sending something at the same time. */
  uploads?: number | undefined;
  /** How many uploads may be begun and not ended. Those in which nothing has happened for an hour give way to new ones. */
  openUploads?: number | undefined;
}

/** How to limit what clients do. */
export interface LimitOptions extends ClientLimits {
  /** Whose requests count together, by a name for them: an address, a user; undefined for those that do not count. */
  by: (request: Request, client: Client) => string | undefined;
  /** The time in milliseconds, which never goes back. Default: `performance.now`. */
  now?: (() => number) | undefined;
}

/** Milliseconds after which an upload in which nothing happens gives way to another. */
const idle = 60 * 60 * 1000;

/**
 * Bounds what clients may do: whoever does more is answered 429 and told in `Retry-After` when to come back. What is
 * known of them is bounded too: of very many, those that have not come for the longest time are forgotten.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { limit, server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const registry = limit(server({ repositories: () => target }), {
 *   by: (_, { address }) => address,
 *   requests: 1,
 * });
 * const ask = () => registry(new Request("http://localhost/v2/"), { address: "192.0.2.1" });
 * console.log((await ask()).status, (await ask()).status); // 200 429
 * ```
 */
export function limit(handler: Handler, options: LimitOptions): Handler {
  const { by, uploads = Infinity, openUploads = Infinity, now = () => performance.now() } = options;
  const allowances = new Allowances(options);
  return async (request, client = {}) => {
    const name = by(request, client);
    if (name === undefined) return await handler(request, client);
    const allowance = allowances.of(name, now());
    const wait = allowance.take(now());
    if (wait > 0) return await tooMany(request, wait / 1000, "too many requests");
    const begins = routeFor(request)?.kind === "uploads" && request.method === "POST";
    const before = allowance.openUploads;
    const end = allowance.begin({ sends: request.body !== null, begins });
    try {
      if (request.body && allowance.sending > uploads) {
        return await tooMany(request, 1, `more than ${uploads} uploads at the same time`);
      }
      if (
        begins && allowance.openUploads > openUploads && !await giveWay(handler, request, allowance, now())
      ) {
        return await tooMany(request, 60, `more than ${openUploads} uploads that have not ended`);
      }
      const response = await handler(request, client);
      follow(allowance, request, response, now());
      return response;
    } finally {
      end();
      allowances.bound(allowance.openUploads - before);
    }
  };
}

/** Follows which uploads there are. */
function follow(allowance: Allowance, request: Request, { status, headers }: Response, now: number): void {
  const route = routeFor(request);
  if (route?.kind === "uploads" && status === 202) {
    const path = headers.get("location");
    if (path !== null) allowance.touch(path, now);
  }
  if (route?.kind !== "upload") return;
  const { pathname } = new URL(request.url);
  if (status === 201 || status === 404 || (request.method === "DELETE" && status === 204)) {
    allowance.forget(pathname);
  } else if (allowance.has(pathname)) allowance.touch(pathname, now);
}

/** Ends the upload in which nothing has happened for the longest time, if that is long enough and who asks may do so. */
async function giveWay(
  handler: Handler,
  { headers }: Request,
  allowance: Allowance,
  now: number,
): Promise<boolean> {
  const oldest = allowance.oldest(now - idle);
  if (!oldest) return false;
  const [path, touched] = oldest;
  allowance.forget(path); // nobody else counts on it
  const authorization = headers.get("authorization");
  const response = await handler(
    new Request(new URL(path, "http://localhost"), {
      method: "DELETE",
      headers: authorization === null ? {} : { authorization },
    }),
  );
  await response.body?.cancel();
  if (response.ok || response.status === 404) return true;
  allowance.touch(path, touched); // the next time it is another's turn
  return false;
}

async function tooMany(request: Request, seconds: number, reason: string): Promise<Response> {
  await request.body?.cancel().catch(() => {});
  const after = String(Math.max(1, Math.ceil(seconds)));
  const message = `${reason}: come back in ${after} seconds`;
  return refusal(httpError(429, "TOOMANYREQUESTS", message, { headers: { "retry-after": after } }), request);
}
