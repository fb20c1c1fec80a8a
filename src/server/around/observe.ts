import type { Bytes } from "../../bytes.ts";
import { watched } from "../file_body.ts";
import type { Client, Handler } from "../handler.ts";
import { type Route, routeFor } from "../routes.ts";

/** A request that has been answered. */
export interface Served {
  /** The request. Its body has been read. */
  request: Request;
  /** Who sent it. */
  client: Client;
  /** What the path names; undefined for paths that no registry has. */
  route: Route | undefined;
  /** The status of the response; 499 when the client left before it. */
  status: number;
  /** The headers of the response. */
  headers: Headers;
  /** How many bytes of the body were sent. */
  sent: number;
  /** From the request to the end of the response, in milliseconds. */
  milliseconds: number;
}

/**
 * Tells of every request once its response has been sent, or has broken off.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { observe, server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const registry = observe(server({ repositories: () => target }), ({ request, status }) => {
 *   console.log(request.method, status); // GET 200
 * });
 * await (await registry(new Request("http://localhost/v2/"))).text();
 * ```
 */
export function observe(handler: Handler, report: (served: Served) => void): Handler {
  return async (request, client = {}) => {
    const begun = performance.now();
    const response = await handler(request, client);
    const served = (sent: number, status = response.status): void =>
      report({
        request,
        client,
        route: routeFor(request),
        status,
        headers: response.headers,
        sent,
        milliseconds: performance.now() - begun,
      });
    if (!response.body) {
      served(0);
      return response;
    }
    let sent = 0;
    const body = watched(response.body as ReadableStream<Bytes>, {
      chunk: (chunk) => void (sent += chunk.byteLength),
      done: () => served(sent),
      failed: () => served(sent, request.signal.aborted ? 499 : response.status),
    });
    return new Response(body, response);
  };
}
