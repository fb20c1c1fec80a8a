/** Requests as bytes on a connection of their own, so that nothing puts them right on their way. */

import { connect, type Socket } from "node:net";

/** What came back. */
export interface RawAnswer {
  status: number;
  /** Names in lower case. */
  headers: Map<string, string>;
  body: string;
}

/** Connects, and waits until that is done. */
export async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => {}); // "close" follows
  return socket;
}

/** All that comes until the other side closes. */
export function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk: Uint8Array) => text += Buffer.from(chunk).toString("latin1"));
    socket.once("close", () => resolve(text));
  });
}

/** Sends one request; the path and the headers go as they are. */
export async function ask(
  port: number,
  line: string,
  { headers = [], body = "" }: { headers?: readonly string[]; body?: string | Uint8Array } = {},
): Promise<RawAnswer> {
  const socket = await connected(port);
  const answer = untilClosed(socket);
  const length = Buffer.byteLength(body);
  const framed = headers.some((header) => /^(?:content-length|transfer-encoding):/i.test(header));
  const head = [
    `${line} HTTP/1.1`,
    "Host: registry.test",
    "Connection: close",
    ...(framed || /^(?:GET|HEAD) /.test(line) ? [] : [`Content-Length: ${length}`]),
    ...headers,
  ];
  socket.write(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), Buffer.from(body)]));
  return parse(await answer);
}

/** The last answer in what came: one before it may have been "go on". */
export function parse(text: string): RawAnswer {
  const last = text.replace(/^HTTP\/1\.1 100 .*\r\n(?:.*\r\n)*?\r\n/, "");
  const end = last.indexOf("\r\n\r\n");
  const [first = "", ...lines] = last.slice(0, end).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    headers: new Map(headers),
    body: last.slice(end + 4),
  };
}
