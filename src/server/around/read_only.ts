import type { Handler } from "../handler.ts";
import { httpError } from "../http_error.ts";
import { refusal } from "../responses.ts";

/**
 * A registry from which one can only pull.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { readOnly, server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const registry = readOnly(server({ repositories: () => target }));
 * const request = new Request("http://localhost/v2/app/blobs/uploads/", { method: "POST" });
 * console.log((await registry(request)).status); // 405
 * ```
 */
export function readOnly(handler: Handler): Handler {
  return async (request, client) => {
    if (request.method === "GET" || request.method === "HEAD") return await handler(request, client);
    await request.body?.cancel().catch(() => {});
    const error = httpError(405, "UNSUPPORTED", "this registry is read-only", {
      headers: { allow: "GET, HEAD" },
    });
    return refusal(error, request);
  };
}
