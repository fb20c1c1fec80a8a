/**
 * One HTTP exchange, and how `fetch` does it.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";

/** What is to be sent. */
export interface TransportRequest {
  /** Where to. */
  url: string;
  /** The method, in capitals. */
  method: string;
  /** The headers; `content-length` is not among them, as the body tells it. */
  headers: Headers;
  /** The body: bytes, or content that is opened when it is sent. */
  body?: Bytes | Content | undefined;
  /** Closes the connection. */
  signal?: AbortSignal | undefined;
}

/**
 * Sends one request and brings the answer's head. Redirects are not followed and statuses are not judged here; the body is
 * as it came, or decoded from its `content-encoding`.
 */
export type Transport = (request: TransportRequest) => Promise<Response>;

/**
 * The transport over `fetch`, or over something that looks like it: a `fetch` with a proxy or certificates of its own.
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
  return async ({ url, method, headers, body, signal }) => {
    const init: RequestInit & { duplex?: "half" } = { method, headers, redirect: "manual" };
    if (signal) init.signal = signal;
    if (body instanceof Uint8Array) init.body = body;
    else if (body) {
      // Deno drops the length and sends chunks: https://github.com/denoland/deno/issues/20274
      if (body.size !== undefined) headers.set("content-length", String(body.size));
      init.body = await body.open({ signal });
      init.duplex = "half";
      // Node keeps a copy of all that is sent, for a redirect that no stream can follow, unless told that there is none:
      // https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, where the request is cloned
      if (globalThis.process?.versions?.["undici"]) Object.assign(init, { redirect: "error", window: null });
    }
    const response = await send(url, init);
    // Browsers hide where a redirect goes; there, following it is all one can do, and they drop credentials on the way.
    if (response.type !== "opaqueredirect" || body) return response;
    return await send(url, { ...init, redirect: "follow" });
  };
}
