import type { Bytes } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import type { Connection } from "./endpoint.ts";
import type { RequestBody } from "./request_body.ts";
import { HttpResponse } from "./response.ts";
import { Timeout } from "./timeout.ts";
import type { Transport } from "./transport.ts";
import { type NameFailure, silent, unreachable } from "./unreachable.ts";

/** One request, and how long to wait for its response. */
export interface Exchange {
  /** What is being done, for messages. */
  what: string;
  url: URL;
  method: string;
  headers: Headers;
  body?: Bytes | Content | undefined;
  /** Watches a body that is a stream. Whoever sends none need not carry it. */
  streaming?: typeof RequestBody | undefined;
  /** Names failures of the connection. */
  nameFailure?: NameFailure | undefined;
  /** How the connection is made, where that is not the usual way. */
  connection?: Connection | undefined;
  /** Milliseconds until the connection must stand. */
  connectTimeout: number;
  /** Milliseconds from then until the response must begin. */
  responseTimeout: number;
  /** Milliseconds until the next bytes of its body must come. */
  idleTimeout: number;
  /** The most bytes of an error that are read. */
  errorLimit: number;
  signal?: AbortSignal | undefined;
}

/**
 * Sends one request. Redirects are not followed and statuses are not judged.
 *
 * @throws {GantryError} `unavailable` when the server is silent, cannot be reached or breaks the connection. What the content
 * or the signal throws is thrown as it is.
 */
export async function exchange(transport: Transport, request: Exchange): Promise<HttpResponse> {
  const { what, url, method, headers, body, connection, connectTimeout, responseTimeout, signal } = request;
  const { streaming, nameFailure } = request;
  let connected = false;
  const timeout = new Timeout(signal, (waited) => silent(what, url, { connected, waited }));
  const upload = streaming && isStream(body) ? new streaming(body, timeout, responseTimeout) : undefined;
  timeout.start(connectTimeout);
  try {
    const response = await transport({
      url: url.href,
      method,
      headers,
      body: upload?.content ?? body,
      signal: timeout.signal,
      connection,
      connectTimeout,
      connected: () => {
        if (!connected) timeout.restart(responseTimeout);
        connected = true;
      },
    });
    if (upload && response.ok) await upload.requireSent(what);
    else upload?.cancel();
    return new HttpResponse(response, timeout, { ...request, decoded: transport.decodes });
  } catch (error) {
    timeout.close();
    upload?.cancel();
    if (upload?.failure) throw upload.failure.error;
    timeout.signal.throwIfAborted();
    throw unreachable(what, url, error, nameFailure);
  }
}

/** Whether a body is a stream, which may be readable only once. */
export function isStream(body: Bytes | Content | undefined): body is Content {
  return body !== undefined && !(body instanceof Uint8Array);
}
