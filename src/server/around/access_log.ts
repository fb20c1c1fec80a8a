import type { Served } from "./observe.ts";

/**
 * A line of JSON for an access log: time, method, path without the query, status, bytes, milliseconds, the address of
 * who sent it, and what they say that they are.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { accessLogLine, observe, server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const handler = server({ repositories: () => target });
 * const registry = observe(handler, (served) => console.log(accessLogLine(served)));
 * console.log((await registry(new Request("http://localhost/v2/"))).status); // 200
 * ```
 */
export function accessLogLine({ request, client, route, status, sent, milliseconds }: Served): string {
  return JSON.stringify({
    time: new Date().toISOString(),
    method: request.method,
    path: new URL(request.url).pathname,
    ...(route && "repository" in route && { repository: route.repository }),
    status,
    bytes: sent,
    milliseconds: Math.round(milliseconds * 10) / 10,
    ...(client.address !== undefined && { address: client.address }),
    client: request.headers.get("user-agent") ?? "",
  });
}
