import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as openRequest } from "node:https";
import type { Bytes } from "../../bytes.ts";
import { chunksOf } from "../../bytes.ts";
import { fetchTransport, type Transport, type TransportRequest } from "../../registry/mod.ts";

/** The transport of `--insecure`: it accepts any certificate, which `fetch` cannot do in every runtime. */
export function insecureTransport(): Transport {
  const plain = fetchTransport();
  return (request) => request.url.startsWith("https:") ? exchange(request) : plain(request);
}

async function exchange({ url, method, headers, body, signal }: TransportRequest): Promise<Response> {
  const length = body instanceof Uint8Array ? body.byteLength : body?.size;
  const request = openRequest(url, {
    method,
    headers: {
      ...Object.fromEntries(headers),
      ...(length !== undefined && { "content-length": length }),
    },
    rejectUnauthorized: false,
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
