import { once } from "node:events";
import {
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingMessage,
  request as openPlain,
} from "node:http";
import { Agent as SecureAgent, request as openSecure } from "node:https";
import type { Socket } from "node:net";
import * as tls from "node:tls";
import { type Bytes, chunksOf } from "../bytes.ts";
import type { Connection } from "./endpoint.ts";
import type { Transport, TransportRequest } from "./transport.ts";

/** What `fetch` cannot do in every runtime. */
export interface NodeTransportOptions {
  /** How connections are made for requests that do not say it themselves. */
  connection?: Connection | undefined;
  /** Trusts the authorities of connections alone, not those that the runtime trusts. */
  exclusive?: boolean | undefined;
  /** The proxy for an address. Default: none. */
  proxyOf?: ((url: URL) => string | undefined) | undefined;
}

/** The transport over the HTTP client of Node, which Deno and Bun have too. It tells when it is connected. */
export function nodeTransport(options: NodeTransportOptions = {}): Transport {
  const agents = new Map<string, PlainAgent>();
  /** The agent that goes through a proxy. One for each, so that connections are used again. */
  const agentFor = (proxy: string, secure: boolean) => {
    const key = `${secure} ${proxy}`;
    let agent = agents.get(key);
    if (!agent) {
      const settings = { keepAlive: true, proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
      agents.set(key, agent = secure ? new SecureAgent(settings) : new PlainAgent(settings));
    }
    return agent;
  };
  return async ({ url: address, method, headers, body, signal, connected, ...request }) => {
    signal?.throwIfAborted();
    const url = new URL(address);
    const secure = url.protocol === "https:";
    const connection = request.connection ?? options.connection ?? {};
    const { socket: socketPath } = connection;
    const proxy = socketPath === undefined ? options.proxyOf?.(url) : undefined;
    const length = body instanceof Uint8Array ? body.byteLength : body?.size;
    const sent = (secure ? openSecure : openPlain)(url, {
      method,
      headers: {
        ...Object.fromEntries(headers),
        ...(length !== undefined && { "content-length": length }),
      },
      ...(signal && { signal }),
      ...(proxy !== undefined && { agent: agentFor(proxy, secure) }),
      ...(socketPath !== undefined && { socketPath }),
      ...tlsOptions(connection, options.exclusive),
    });
    sent.on("error", () => {}); // `once` below rejects with it, or the body's reader does
    sent.once("socket", (socket) => whenConnected(socket, secure, connected));
    const responded = once(sent, "response") as Promise<[IncomingMessage]>;
    // Not awaited: the response may come before all is sent.
    void send(sent, body, signal).catch((error) => sent.destroy(error));
    const [response] = await responded;
    return responseOf(response);
  };
}

function whenConnected(socket: Socket, secure: boolean, connected = () => {}): void {
  if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", connected);
  else connected();
}

function tlsOptions({ ca, cert, key, insecure }: Connection, exclusive = false): object {
  return {
    ...(ca && { ca: exclusive ? ca : [...trusted(), ...ca] }),
    ...(cert !== undefined && { cert, key }),
    ...(insecure && { rejectUnauthorized: false }),
  };
}

/** The certificates that are trusted anyway; those that are given would replace them. */
function trusted(): readonly string[] {
  // Node 20 has no such function, and no name for it to import.
  return tls.getCACertificates?.("default") ?? tls.rootCertificates;
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
