import { lazyNodeTransport } from "../http/lazy_node_transport.ts";
import { fetchTransport, type Transport } from "../http/transport.ts";
import { namesProxy, proxyFor, type Variables } from "./proxy.ts";

/** Options of {@link runtimeTransport}. */
export interface TransportOptions {
  /** The environment whose `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count. Default: none of them. */
  env?: Variables | undefined;
  /** Takes any certificate from any host. */
  insecure?: boolean | undefined;
}

/**
 * A transport for Deno, Bun and Node that does what `fetch` does not: certificates of authorities and of our own, unix
 * sockets, proxies, and a time to connect. Where nothing special is wanted, the `fetch` of Deno and Bun does the work.
 *
 * @example
 * ```ts
 * import { runtimeTransport } from "@gantry/oci/hosts";
 * import { registry } from "@gantry/oci/registry";
 *
 * const env = { HTTPS_PROXY: "http://proxy.example.com:3128", NO_PROXY: ".internal,10.0.0.0/8" };
 * const app = registry("ghcr.io/acme/app", { transport: runtimeTransport({ env }) });
 * console.log(app.registry); // ghcr.io
 * ```
 */
export function runtimeTransport({ env = {}, insecure }: TransportOptions = {}): Transport {
  const fetched = fetchTransport();
  const plain = tellingConnected(fetched);
  const full = lazyNodeTransport({ proxyOf: (url) => proxyFor(url, env) });
  // The `fetch` of Deno and Bun reads these variables too, and each reads NO_PROXY in a way of its own. That of Node decodes
  // what a server has compressed unasked, and does not tell.
  const alone = namesProxy(env) || fetched.decodes;
  return (request) => {
    const anyCertificate = insecure && request.url.startsWith("https:");
    const connection = anyCertificate ? { ...request.connection, insecure } : request.connection;
    return connection || alone ? full({ ...request, connection }) : plain(request);
  };
}

/**
 * `fetch` does not tell when it is connected. Where half the time for that is over and a host has never answered yet, a
 * connection of our own tells.
 */
function tellingConnected(transport: Transport): Transport {
  const answered = new Set<string>();
  return async (request) => {
    const url = new URL(request.url);
    const { connected, connectTimeout } = request;
    if (!connected || connectTimeout === undefined || answered.has(url.host)) return await transport(request);
    const looking = new AbortController();
    const timer = setTimeout(
      // Loaded here, as it is hardly ever needed, and what it imports takes its time.
      () =>
        void import("./reachable.ts").then(async ({ reachable }) => {
          if (await reachable(url, looking.signal)) connected();
        }),
      connectTimeout / 2,
    );
    try {
      const response = await transport({ ...request, connected: undefined });
      answered.add(url.host);
      return response;
    } finally {
      clearTimeout(timer);
      looking.abort();
    }
  };
}
