import type { Handler } from "../handler.ts";

/** What pages may send, and what they may see of answers. */
const methods = "GET, HEAD, POST, PATCH, PUT, DELETE";
const sent = "Accept, Authorization, Content-Range, Content-Type, If-None-Match, Range";
const seen = [
  "Content-Range",
  "Docker-Content-Digest",
  "Docker-Upload-UUID",
  "ETag",
  "Link",
  "Location",
  "OCI-Chunk-Min-Length",
  "OCI-Filters-Applied",
  "OCI-Subject",
  "OCI-Tag",
  "Range",
  "Retry-After",
  "WWW-Authenticate",
].join(", ");

/**
 * Lets pages of other origins use a registry from browsers: https://fetch.spec.whatwg.org/#http-cors-protocol. They log in
 * as all clients do; cookies are not asked for.
 *
 * @param origins The origins of the pages, such as `https://ui.example.com`; `*` for all.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { cors, server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const registry = cors(server({ repositories: () => target }), ["https://ui.example.com"]);
 * const headers = { origin: "https://ui.example.com" };
 * const { headers: answered } = await registry(new Request("http://localhost/v2/", { headers }));
 * console.log(answered.get("access-control-allow-origin")); // https://ui.example.com
 * ```
 */
export function cors(handler: Handler, origins: readonly string[]): Handler {
  return async (request, client) => {
    const origin = request.headers.get("origin");
    const isAllowed = origin !== null && (origins.includes("*") || origins.includes(origin));
    const asks = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    const response = asks && isAllowed
      ? new Response(null, { status: 204, headers: preflight })
      : await handler(request, client);
    // Caches keep what is said to one origin from others.
    response.headers.append("vary", "Origin");
    if (!isAllowed) return response;
    response.headers.set("access-control-allow-origin", origin);
    response.headers.set("access-control-expose-headers", seen);
    return response;
  };
}

const preflight = {
  "access-control-allow-methods": methods,
  "access-control-allow-headers": sent,
  "access-control-max-age": "7200",
};
