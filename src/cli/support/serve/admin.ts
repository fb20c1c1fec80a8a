import type { Handler, Metrics } from "../../../server/mod.ts";

/** What is for those who run a registry: its numbers, whether it lives, and whether its storage answers. */
export function adminHandler(metrics: Metrics, check: () => Promise<void>): Handler {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return plain("ok\n");
    if (pathname === "/metrics") {
      return plain(metrics.text(), 200, "text/plain; version=0.0.4; charset=utf-8");
    }
    if (pathname !== "/readyz") return plain("there is nothing at this path\n", 404);
    return await check().then(() => plain("ok\n"), () => plain("the storage does not answer\n", 503));
  };
}

function plain(body: string, status = 200, type = "text/plain; charset=utf-8"): Response {
  return new Response(body, { status, headers: { "content-type": type } });
}
