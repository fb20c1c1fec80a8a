/** An HTTP server on a raw socket, for answers that no HTTP library would send. */

import { createServer, type Socket } from "node:net";

/** A request as it came over the wire. */
export interface RawRequest {
  method: string;
  /** Path and query. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** As much of the body as had come when the answer was made. */
  body: Uint8Array;
}

/** What to send. */
export interface RawAnswer {
  /** The status line and headers; `Content-Length` is not added. */
  head: string;
  body?: string | Uint8Array;
  /** What comes then: the connection serves on (the default), ends well, breaks, or stays silent. */
  then?: "keep" | "end" | "reset" | "silence";
}

/** A server under way. */
export interface RawServer {
  /** Host and port. */
  host: string;
  /** The requests so far. */
  requests: RawRequest[];
  close(): Promise<void>;
}

/** Starts one. With `early`, requests are answered as soon as their head is there. */
export async function rawServer(
  answer: (request: RawRequest) => RawAnswer,
  options: { early?: boolean } = {},
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let buffered = Buffer.alloc(0);
    const chunks: Buffer[] = [];
    let isWhole = (_: Buffer): boolean => true;
    let answered = false;
    socket.on("data", (data: Buffer) => {
      // A TLS greeting: here nobody speaks it.
      if (socket.bytesRead === data.byteLength && data[0] === 0x16) return socket.destroy();
      chunks.push(data);
      // Looked through once, when it may be whole: a large body comes in hundreds of pieces.
      if (!options.early && !isWhole(data)) return;
      buffered = Buffer.concat([buffered, ...chunks.splice(0)]);
      isWhole = wholeness(buffered);
      for (let parsed; !answered && (parsed = parse(buffered, options.early ?? false));) {
        buffered = buffered.subarray(parsed.length);
        isWhole = wholeness(buffered);
        requests.push(parsed.request);
        const { head, body = "", then = "keep" } = answer(parsed.request);
        const start = `HTTP/1.1 ${head.trim().replaceAll("\n", "\r\n")}\r\n\r\n`;
        // In one piece: the system keeps a second one back until the first is acknowledged.
        socket.write(Buffer.concat([Buffer.from(start), Buffer.from(body as string)]));
        answered = then !== "keep";
        // What was written arrives first: some runtimes drop it when the end comes with it.
        if (then === "end") setTimeout(() => socket.end(), 30);
        if (then === "reset") setTimeout(() => socket.destroy(), 30);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    host: `127.0.0.1:${port}`,
    requests,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** How to tell whether the first request may be whole: by the bytes that came last. */
function wholeness(bytes: Buffer): (tail: Buffer) => boolean {
  const end = bytes.indexOf("\r\n\r\n");
  const head = bytes.subarray(0, Math.max(end, 0)).toString("latin1");
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    return (tail) => tail.byteLength < 5 || tail.subarray(-5).toString("latin1") === "0\r\n\r\n";
  }
  const announced = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  const missing = end + 4 + announced - bytes.byteLength;
  let came = 0;
  return (tail) => (came += tail.byteLength) >= missing;
}

/** A request at the beginning of the bytes, once all of it is there. */
function parse(bytes: Buffer, early: boolean): { request: RawRequest; length: number } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = Object.fromEntries(
    lines.map((
      line,
    ) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const rest = bytes.subarray(end + 4);
  const whole = headers["transfer-encoding"] === "chunked" ? dechunk(rest) : {
    body: rest.subarray(0, Number(headers["content-length"] ?? 0)),
    length: Number(headers["content-length"] ?? 0),
  };
  if (!early && (!whole || whole.length > rest.byteLength)) return undefined;
  const { body, length } = whole ?? { body: rest, length: rest.byteLength };
  return {
    request: { method, path, headers, body: new Uint8Array(body) },
    length: end + 4 + Math.min(length, rest.byteLength),
  };
}

function dechunk(bytes: Buffer): { body: Buffer; length: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = parseInt(bytes.subarray(at, line).toString("latin1"), 16);
    if (bytes.byteLength < line + 2 + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), length: line + 4 };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
