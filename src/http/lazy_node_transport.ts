import type { NodeTransportOptions } from "./node_transport.ts";
import type { Transport } from "./transport.ts";

/** The transport of `node:http`, which is loaded with the first request: in Bun that takes 20 ms. */
export function lazyNodeTransport(options?: NodeTransportOptions): Transport {
  let loading: Promise<Transport> | undefined;
  return async (request) => {
    loading ??= import("./node_transport.ts").then(({ nodeTransport }) => nodeTransport(options));
    return await (await loading)(request);
  };
}
