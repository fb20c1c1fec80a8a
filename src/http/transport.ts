/**
 * One HTTP exchange, and how `fetch` does it.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Connection } from "./endpoint.ts";

/** A request to be sent. */
export interface TransportRequest {
  /** The address. */
  url: string;
  /** The method, in capitals. */
  method: string;
  /** The headers, without `content-length`: the body tells it. */
  headers: Headers;
  /** The body: bytes, or content that is opened when it is sent. */
  body?: Bytes | Content | undefined;
  /** Closes the connection. */
  signal?: AbortSignal | undefined;
  /** How the connection is made, where that is not the usual way. */
  connection?: Connection | undefined;
  /** To be called when the connection stands; from then on the server has its time to answer. */
  connected?: (() => void) | undefined;
  /** Milliseconds until that must have been called. */
  connectTimeout?: number | undefined;
}

/**
 * Sends one request and resolves with the response as soon as its headers are there. It does not follow redirects and does
 * not judge statuses.
 */
export interface Transport {
  /** Sends the request. */
  (request: TransportRequest): Promise<Response>;
  /** Whether bodies come decoded although their `content-encoding` is still in the headers. Default: false. */
  readonly decodes?: boolean | undefined;
}

/**
 * The transport over `fetch`, or over a function like it: a `fetch` with a proxy or with certificates of its own. `fetch`
 * does not tell when it is connected, so that the time for that counts as the time for the answer.
 *
 * @example
 * ```ts
 * import { fetchTransport, registry } from "@gantry/oci/registry";
 *
 * const app = registry("localhost:5000/app", {
 *   transport: fetchTransport((url, init) => fetch(url, { ...init, cache: "no-store" })),
 * });
 * ```
 */
export function fetchTransport(
  send: (url: string, init: RequestInit) => Promise<Response> = (url, init) => fetch(url, init),
): Transport {
  const transport = async (request: TransportRequest): Promise<Response> => {
    const { url, method, headers, body, signal, connection, connected } = request;
    if (connection && Object.values(connection).some((value) => value !== undefined)) {
      throw new GantryError(
        "unsupported",
        `connect to ${
          new URL(url).host
        }: \`fetch\` knows no certificates or sockets of its own, use \`runtimeTransport\``,
      );
    }
    connected?.();
    const init: RequestInit & { duplex?: "half"; decompress?: boolean } = {
      method,
      headers,
      redirect: "manual",
    };
    // Bun's: all others ignore it.
    init.decompress = false;
    if (signal) init.signal = signal;
    if (body instanceof Uint8Array) init.body = body;
    else if (body) {
      // Deno drops the length and sends chunks: https://github.com/denoland/deno/issues/20274
      if (body.size !== undefined) headers.set("content-length", String(body.size));
      init.body = await body.open({ signal });
      init.duplex = "half";
      // Node keeps a copy of everything that is sent, for a redirect, which a stream cannot follow anyway. These two settings
      // keep it from cloning the request: https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
      if (globalThis.process?.versions?.["undici"]) Object.assign(init, { redirect: "error", window: null });
    }
    const response = await send(url, init);
    // Browsers hide where a redirect goes, so there it must be followed blindly. They drop credentials on the way.
    if (response.type !== "opaqueredirect" || body) return response;
    return await send(url, { ...init, redirect: "follow" });
  };
  // Deno leaves alone what was asked for as it is, Bun what it is told to. All others always decode.
  const { deno, bun } = globalThis.process?.versions ?? {} as Record<string, string | undefined>;
  return Object.assign(transport, { decodes: deno === undefined && bun === undefined });
}
