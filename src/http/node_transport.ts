import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as openPlain } from "node:http";
import { request as openSecure, type RequestOptions } from "node:https";
import { type Bytes, chunksOf } from "../bytes.ts";
import type { Transport, TransportRequest } from "./transport.ts";

/** What `fetch` cannot do in every runtime. */
export interface NodeTransportOptions {
  /** A Unix socket or named pipe in place of the address of the URL. */
  socketPath?: string | undefined;
  /** Certificates of authorities to trust in place of the system's, in PEM. */
  ca?: string | undefined;
  /** The client's certificate, in PEM. */
  cert?: string | undefined;
  /** The key of `cert`, in PEM. */
  key?: string | undefined;
  /** Takes any certificate when false. Default: true. */
  rejectUnauthorized?: boolean | undefined;
}

/** The transport over the HTTP client of Node, which Deno and Bun have too. */
export function nodeTransport(options: NodeTransportOptions = {}): Transport {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return (request) => exchange(request, given);
}

async function exchange(
  { url, method, headers, body, signal }: TransportRequest,
  options: RequestOptions,
): Promise<Response> {
  signal?.throwIfAborted();
  const length = body instanceof Uint8Array ? body.byteLength : body?.size;
  const open = url.startsWith("https:") ? openSecure : openPlain;
  const request = open(url, {
    ...options,
    method,
    headers: {
      ...Object.fromEntries(headers),
      ...(length !== undefined && { "content-length": length }),
    },
    ...(signal && { signal }),
  });
  request.on("error", () => {}); // `once` below rejects with it, or the body's reader does
  const responded = once(request, "response") as Promise<[IncomingMessage]>;
  // Not awaited: the response may come before all is sent.
  void send(request, body, signal).catch((error) => request.destroy(error));
  const [response] = await responded;
  return responseOf(response);
}
async function send(
  request: ClientRequest,
  body: TransportRequest["body"],
  signal?: AbortSignal,
): Promise<void> {
  if (body && !(body instanceof Uint8Array)) {
    for await (const chunk of chunksOf(await body.open({ signal }), signal)) {
      if (request.destroyed) return;
      if (!request.write(chunk)) await drained(request);
    }
    request.end();
  } else {
    request.end(body);
  }
}

/** Waits until more can be written, or the connection is closed. */
function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      request.off("drain", done).off("close", done);
      resolve();
    };
    request.on("drain", done).on("close", done);
  });
}

function responseOf(message: IncomingMessage): Response {
  const headers = new Headers();
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i]!, message.rawHeaders[i + 1]!);
  }
  const status = message.statusCode!;
  const chunks = message[Symbol.asyncIterator]();
  const body = new ReadableStream<Bytes>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel: () => void message.destroy(),
  }, { highWaterMark: 0 });
  const bodiless = status === 204 || status === 205 || status === 304;
  if (bodiless) message.resume();
  return new Response(bodiless ? null : body, { status, headers });
}
