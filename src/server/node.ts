/**
 * Serves a function from request to response over HTTP.
 *
 * One implementation for Deno, Bun and Node: `Bun.serve` drops the `Content-Length` of a streamed answer
 * (https://github.com/oven-sh/bun/issues/28186), and `node:http` is fast enough in all three.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Bytes, chunksOf } from "../bytes.ts";

/** Answers a request. */
export type Handler = (request: Request) => Promise<Response>;

/** Where to listen. */
export interface ListenOptions {
  /** Host name or address; this machine's loopback address unless told. */
  hostname?: string | undefined;
  /** Port; 0, the default, takes a free one. */
  port?: number | undefined;
  /** Seconds without a byte in either direction after which a connection is closed; 300 unless told. */
  idle?: number | undefined;
}

/** A server that listens. */
export interface Listening {
  /** Where it is reached, without a slash at the end. */
  readonly url: string;
  /** The port that it took. */
  readonly port: number;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

/** What a refused sender may still send before its connection is closed, in bytes. */
const mostDiscarded = 64 * 1024 * 1024;

/** Listens, and hands every request to `handler`. Rejects when the address cannot be had. */
export async function listen(handler: Handler, options: ListenOptions = {}): Promise<Listening> {
  const { hostname = "127.0.0.1", port = 0, idle = 300 } = options;
  // Silence ends a request, not the five minutes after which Node would cut a large upload.
  const server = createServer({ requestTimeout: 0 }, (incoming, outgoing) => {
    void serve(handler, incoming, outgoing);
  });
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
    url: `http://${host}:${bound.port}`,
    port: bound.port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => error ? reject(error) : resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const { stream, discard } = bodyOf(incoming);
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone.abort(disconnected());
  });
  outgoing.on("error", () => {}); // "close" follows
  try {
    const request = requestOf(incoming, stream, gone.signal);
    await send(request ? await handler(request) : new Response(null, { status: 400 }), outgoing, gone.signal);
  } catch {
    // Once part of an answer is out, only a broken connection says that it is not whole.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500, { "content-length": 0 }).end();
  } finally {
    discard();
  }
}

/** The request; nothing where its target or a header is more than the web's types can hold. */
function requestOf(
  { method = "GET", url = "", rawHeaders }: IncomingMessage,
  body: ReadableStream<Bytes>,
  signal: AbortSignal,
): Request | undefined {
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
    const hasBody = method !== "GET" && method !== "HEAD" &&
      (headers.has("transfer-encoding") || Number(headers.get("content-length")) > 0);
    const init: RequestInit & { duplex: "half" } = { method, headers, signal, duplex: "half" };
    if (hasBody) init.body = body;
    // The client's word for this host is not taken for it.
    return new Request(new URL(url.startsWith("/") ? `http://localhost${url}` : url), init);
  } catch {
    return undefined;
  }
}

/** The request's body as a stream that reads no faster than it is read. */
function bodyOf(incoming: IncomingMessage): { stream: ReadableStream<Bytes>; discard: () => void } {
  let controller: ReadableStreamDefaultController<Bytes> | undefined;
  let discarded = 0;
  // What is left is read and thrown away: a connection closed under a sender could take the answer with it.
  const discard = () => {
    controller = undefined;
    incoming.resume();
  };
  const end = (how: (controller: ReadableStreamDefaultController<Bytes>) => void) => () => {
    if (controller) how(controller);
    controller = undefined;
  };
  const stream = new ReadableStream<Bytes>({
    start: (own) => void (controller = own),
    pull: () => void incoming.resume(),
    cancel: discard,
  });
  incoming.on("data", (chunk: Bytes) => {
    if (!controller) {
      discarded += chunk.byteLength;
      if (discarded > mostDiscarded) incoming.destroy();
      return;
    }
    controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (controller.desiredSize! <= 0) incoming.pause();
  });
  incoming.once("end", end((controller) => controller.close()));
  incoming.once("error", end((controller) => controller.error(disconnected())));
  incoming.once("close", end((controller) => controller.error(disconnected())));
  incoming.pause();
  return { stream, discard };
}

async function send(response: Response, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) {
    for await (const chunk of chunksOf(response.body as ReadableStream<Bytes>, signal)) {
      if (!outgoing.write(chunk)) await drained(outgoing, signal);
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
