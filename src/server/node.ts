/**
 * Serves a function from request to response over HTTP, in Deno, Bun and Node.
 *
 * All three use `node:http`: `Bun.serve` drops the `Content-Length` of a streamed response
 * (https://github.com/oven-sh/bun/issues/28186).
 *
 * @example A registry in memory, on a free port of this machine
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { server } from "@gantry/oci/server";
 * import { listen } from "@gantry/oci/server/node";
 *
 * const target = memory();
 * const listening = await listen(server({ repositories: () => target }), { port: 0 });
 * try {
 *   const response = await fetch(`${listening.url}/v2/app/tags/list`);
 *   console.log(await response.json()); // { name: "app", tags: [] }
 * } finally {
 *   await listening.close();
 * }
 * ```
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { clearInterval, setInterval } from "node:timers";
import { type Bytes, chunksOf } from "../bytes.ts";
import { deferred } from "../deferred.ts";
import { fileOf } from "./file_body.ts";
import { createHttp2Server } from "./http2.ts";
import type { Handler } from "./handler.ts";
import { Pace, Taking } from "./pace.ts";
import { FileSender } from "./send_file.ts";

export type { Handler } from "./handler.ts";

/** Options of {@link listen}. */
export interface ListenOptions {
  /** The host name or address to listen at. Default: `127.0.0.1`, which only this machine reaches. */
  hostname?: string | undefined;
  /** The port. Default: 0, which takes a free one. */
  port?: number | undefined;
  /**
   * Seconds without a byte in either direction after which a connection is closed; so is one whose request brings less than
   * 100 bytes a second in such a time, and one whose client needs longer to take a piece of a response, of 2 MiB at most.
   * Default: 300.
   */
  idle?: number | undefined;
  /** Seconds that a client may take to send the headers of a request, the first one from connecting on. Default: 30. */
  headers?: number | undefined;
  /** Serves HTTPS with this certificate. Default: plain HTTP. */
  tls?: Certificate | undefined;
  /** Speaks HTTP/2 too, with those who ask for it as they connect over TLS. Default: no. */
  http2?: boolean | undefined;
}

/** A certificate with all that leads to its authority, and its key, both in PEM. */
export interface Certificate {
  /** The certificate. */
  cert: string;
  /** Its key. */
  key: string;
}

/** How to stop. */
export interface CloseOptions {
  /** Seconds that requests under way are given to end. Default: 0. */
  grace?: number | undefined;
}

/** A server that is listening. */
export interface Listening {
  /** Its address, without a slash at the end: `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Its port. */
  readonly port: number;
  /** Stops listening, and closes all connections: those with a request under way once it has ended, or the grace has. */
  close(options?: CloseOptions): Promise<void>;
  /** Presents another certificate to those who connect from now on, where it serves HTTPS. */
  renew(certificate: Certificate): void;
}

/** The bytes that a client may still send after its request was answered, before its connection is closed. */
const mostDiscarded = 64 * 1024 * 1024;

/**
 * Listens, and gives every request to the handler. Bodies are streamed in both directions, no faster than the other side reads.
 *
 * @throws {Error} Node's error when the address cannot be listened at; its `code` is `EADDRINUSE` where the port is taken.
 *
 * @example
 * ```ts
 * import { listen } from "@gantry/oci/server/node";
 *
 * const listening = await listen(() => Promise.resolve(new Response("hello")));
 * const response = await fetch(listening.url);
 * console.log(await response.text()); // hello
 * await listening.close();
 * ```
 */
export async function listen(handler: Handler, options: ListenOptions = {}): Promise<Listening> {
  const { hostname = "127.0.0.1", port = 0, idle = 300, headers = 30, tls, http2 } = options;
  const timeouts = {
    // Only silence ends a request. By default, Node would cut off a large upload after five minutes.
    requestTimeout: 0,
    headersTimeout: headers * 1000,
    connectionsCheckingInterval: Math.min(headers * 1000, 5000),
  };
  const running = new Set<Promise<void>>();
  const bodies = new Map<ServerResponse, Pick<Serving, "pace" | "taking">>();
  const files = new FileSender();
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const [pace, taking] = [new Pace(), new Taking()];
    bodies.set(outgoing, { pace, taking });
    const serving = serve(handler, incoming, outgoing, { pace, taking, files }).finally(() => {
      running.delete(serving);
      bodies.delete(outgoing);
    });
    running.add(serving);
  };
  const looking = setInterval(() => {
    for (const [outgoing, { pace, taking }] of bodies) {
      if (pace.isTooSlow(idle) || taking.isTooSlow(idle)) outgoing.destroy();
    }
  }, idle * 1000).unref();
  const create = http2 ? createHttp2Server : createSecureServer;
  const server = tls ? create({ ...timeouts, ...tls }, answer) : createServer(timeouts, answer);
  server.timeout = idle * 1000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `${tls ? "https" : "http"}://${host}:${bound.port}`,
    port: bound.port,
    async close({ grace = 0 } = {}) {
      looking.ref(); // or Deno, which does not count connections of HTTP/2, may end before they have
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => error ? reject(error) : resolve());
      });
      if (grace > 0) {
        server.closeIdleConnections();
        await withinSeconds(grace, closed, () => Promise.all(running));
      }
      server.closeAllConnections();
      await closed.finally(() => clearInterval(looking));
    },
    renew(certificate) {
      if ("setSecureContext" in server) server.setSecureContext({ ...certificate });
    },
  };
}

/** What serving a request needs besides it. */
interface Serving {
  pace: Pace;
  taking: Taking;
  files: FileSender;
}

/** Waits until it is over, what is under way has ended, or the time is. */
async function withinSeconds(
  seconds: number,
  over: Promise<void>,
  ended: () => Promise<unknown>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, seconds * 1000));
  await Promise.race([over, ended(), late]);
  clearTimeout(timer);
}

async function serve(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { pace, taking, files }: Serving,
): Promise<void> {
  const disconnect = new AbortController();
  const { stream, discard } = bodyOf(incoming, pace, disconnect);
  const { promise: sent, resolve: end } = deferred();
  let finished = false;
  outgoing.once("finish", () => {
    finished = true;
    end();
  });
  outgoing.once("close", () => {
    if (!finished) disconnect.abort(disconnected());
    end();
  });
  outgoing.on("error", () => {}); // "close" follows
  try {
    const request = requestOf(incoming, stream, disconnect.signal);
    await send(
      request
        ? await handler(request, { address: incoming.socket.remoteAddress })
        : new Response(null, { status: 400 }),
      outgoing,
      { taking, files },
      disconnect.signal,
    );
    await taking.wait(sent); // closing the connection before would cut it off
  } catch {
    // After the headers, only a broken connection tells the client that the response is not complete.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500, { "content-length": 0 }).end();
  } finally {
    discard();
  }
}

/** The request; undefined where its target or a header is invalid as a web `Request`. */
function requestOf(
  { method = "GET", url = "", rawHeaders, httpVersionMajor }: IncomingMessage,
  body: ReadableStream<Bytes>,
  signal: AbortSignal,
): Request | undefined {
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      // HTTP/2 has the method and the path among them.
      if (!rawHeaders[i]!.startsWith(":")) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
    }
    const length = headers.get("content-length");
    const isFramed = headers.has("transfer-encoding") || (length === null && httpVersionMajor > 1);
    const hasBody = method !== "GET" && method !== "HEAD" && (isFramed || Number(length) > 0);
    const init: RequestInit & { duplex: "half" } = { method, headers, signal, duplex: "half" };
    if (hasBody) init.body = body;
    // The `Host` header is whatever the client says, so the URL does not use it.
    return new Request(new URL(url.startsWith("/") ? `http://localhost${url}` : url), init);
  } catch {
    return undefined;
  }
}

/** The body of a request as a stream that reads from the connection only what is read from it. */
function bodyOf(
  incoming: IncomingMessage,
  pace: Pace,
  disconnect: AbortController,
): { stream: ReadableStream<Bytes>; discard: () => void } {
  let controller: ReadableStreamDefaultController<Bytes> | undefined;
  let discarded = 0;
  // The rest is read and dropped: if the connection were closed while the client sends, it might never read the response.
  const discard = () => {
    controller = undefined;
    incoming.resume();
  };
  const end = (how: (controller: ReadableStreamDefaultController<Bytes>) => void) => () => {
    pace.rest();
    if (controller) how(controller);
    controller = undefined;
  };
  const stream = new ReadableStream<Bytes>({
    start: (own) => void (controller = own),
    pull: () => {
      pace.wait();
      incoming.resume();
    },
    cancel: discard,
  });
  incoming.on("data", (chunk: Bytes) => {
    if (!controller) {
      discarded += chunk.byteLength;
      if (discarded > mostDiscarded) incoming.destroy();
      return;
    }
    pace.came(chunk.byteLength);
    controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (controller.desiredSize! > 0) return;
    pace.rest();
    incoming.pause();
  });
  incoming.once("end", end((controller) => controller.close()));
  const breakOff = end((controller) => {
    disconnect.abort(disconnected()); // before the handler learns of the body: nothing is wrong with the registry
    controller.error(disconnect.signal.reason);
  });
  incoming.once("error", breakOff);
  incoming.once("close", breakOff);
  incoming.pause();
  return { stream, discard };
}

async function send(
  response: Response,
  outgoing: ServerResponse,
  { taking, files }: Pick<Serving, "taking" | "files">,
  signal: AbortSignal,
): Promise<void> {
  const body = response.body as ReadableStream<Bytes> | null;
  const begin = () => void outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const file = body && fileOf(body);
  if (file) return await files.send(file, outgoing, { taking, begin, signal });
  begin();
  if (body) {
    for await (const chunk of chunksOf(body, signal)) {
      if (!outgoing.write(chunk)) await taking.wait(drained(outgoing, signal));
    }
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      outgoing.off("drain", leave);
      signal.removeEventListener("abort", leave);
      signal.aborted ? reject(signal.reason) : resolve();
    };
    outgoing.once("drain", leave);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  });
}

function disconnected(): DOMException {
  return new DOMException("the client is gone", "AbortError");
}
