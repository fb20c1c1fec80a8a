import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import type { Socket } from "node:net";

/** Bytes of a body that a client may send before it is told that they were read: 65535 is slow over a long way. */
const window = 1024 * 1024;
/** How many requests of one connection are answered at the same time. */
const mostStreams = 128;

/**
 * A server that speaks HTTP/2 with those who want it, HTTP/1.1 with all others. Node gives it the face of one that speaks
 * HTTP/1.1 alone, but for closing connections.
 */
export function createHttp2Server(
  options: { cert: string; key: string; requestTimeout: number; headersTimeout: number },
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Server {
  const { requestTimeout, headersTimeout } = options;
  const settings = { initialWindowSize: window, maxConcurrentStreams: mostStreams };
  const server = createSecureServer(
    {
      ...options,
      allowHTTP1: true,
      handshakeTimeout: headersTimeout,
      settings,
    },
    (incoming, outgoing) =>
      answer(incoming as unknown as IncomingMessage, outgoing as unknown as ServerResponse),
  );
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return Object.assign(server as Http2SecureServer & Server, {
    requestTimeout,
    headersTimeout,
    closeIdleConnections() {
      for (const session of sessions) session.close(); // once its streams have ended
    },
    closeAllConnections() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  });
}
