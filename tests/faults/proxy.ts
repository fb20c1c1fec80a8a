/** A proxy in front of a registry that does to some requests what networks and tired servers do. */

import { connect, createServer, type Socket } from "node:net";

/** What is done to a request. */
export type Fault = (typeof faults)[number];

/** All of them. */
export const faults = [
  /** The connection is reset: before the registry sees the request, or somewhere in its response. */
  "reset",
  /** The response ends too soon, as if that were its end. */
  "truncation",
  /** The response takes its time: some less than is waited for, some more. */
  "delay",
  /** "Too many requests", without the registry's knowing. */
  "429",
  /** "Unavailable", without the registry's knowing. */
  "503",
  /** The registry gets the request twice; the second response counts. */
  "duplicate",
  /** Something that is no HTTP, or what a digest names with one byte of it changed. */
  "garbage",
] as const;

/** A proxy that runs. */
export interface FaultProxy {
  /** Host and port. */
  host: string;
  /** How often each fault was done. */
  done: Record<Fault, number>;
  close(): Promise<void>;
}

/** A number from 0 up to 1. */
export type Dice = () => number;

/** The same numbers for the same seed. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    // https://en.wikipedia.org/wiki/Xorshift, from a state that is never zero
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Starts one in front of a host. `rate` of all requests, from 0 to 1, get a fault; a delay is up to `delay` milliseconds. */
export async function faultProxy(
  upstream: string,
  { dice, rate, delay }: { dice: Dice; rate: number; delay: number },
): Promise<FaultProxy> {
  const done = Object.fromEntries(faults.map((fault) => [fault, 0])) as Record<Fault, number>;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    let bytes = Buffer.alloc(0);
    socket.on("data", (data: Uint8Array) => {
      bytes = Buffer.concat([bytes, data]);
      const whole = wholeRequest(bytes);
      if (!whole) return;
      bytes = Buffer.alloc(0);
      const fault = dice() < rate ? faults[Math.floor(dice() * faults.length)] : undefined;
      if (fault) done[fault]++;
      void answer(socket, whole, fault).catch(() => socket.destroy());
    });
  });

  async function answer(socket: Socket, request: Uint8Array, fault: Fault | undefined): Promise<void> {
    const at = dice();
    if (fault === "429") return void socket.end(refusal("429 Too Many Requests"));
    if (fault === "503") return void socket.end(refusal("503 Service Unavailable"));
    // Nothing tells what a tag stands for but the answer, so that a wrong byte in it may be right.
    const known = /^\S+ \S*sha256:/.test(Buffer.from(request.subarray(0, 300)).toString("latin1"));
    if (fault === "garbage" && (at < 0.3 || !known)) {
      return void socket.end("\u0016\u0003 nothing of the kind\r\n\r\n");
    }
    if (fault === "reset" && at < 0.3) return void socket.destroy();
    if (fault === "delay") await new Promise((resolve) => setTimeout(resolve, at * delay));
    if (fault === "duplicate") await ask(upstream, request);
    const response = await ask(upstream, request);
    const part = response.subarray(0, Math.floor(at * response.length));
    if (fault === "truncation") return void socket.end(part);
    if (fault === "reset") return void socket.write(part, () => socket.destroy());
    if (fault === "garbage") return void socket.end(spoilt(response, at));
    socket.end(response);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    host: `127.0.0.1:${port}`,
    done,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Sends a request on a connection of its own, and gives the response as it came. */
function ask(upstream: string, request: Uint8Array): Promise<Buffer> {
  const [host = "", port] = upstream.split(":");
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    const socket = connect(Number(port), host, () => socket.write(request));
    socket.on("data", (data: Uint8Array) => parts.push(data));
    socket.on("end", () => resolve(Buffer.concat(parts)));
    socket.on("error", reject);
    socket.setTimeout(20_000, () => socket.destroy(new Error("the registry hangs")));
  });
}

/** A request once all of it is there, asking for the connection to be closed after it. */
function wholeRequest(bytes: Buffer): Uint8Array | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end).toString("latin1");
  const body = bytes.subarray(end + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  const chunked = /^transfer-encoding: *chunked/im.test(head);
  if (
    chunked ? !body.subarray(-7).toString("latin1").endsWith("0\r\n\r\n") : body.length < Number(length ?? 0)
  ) {
    return undefined;
  }
  const closing = `${head.replace(/\r\nconnection:[^\r]*/gi, "")}\r\nconnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(closing, "latin1"), body]);
}

function refusal(status: string): string {
  const head = ["retry-after: 0", "content-length: 0", "connection: close"].join("\r\n");
  return `HTTP/1.1 ${status}\r\n${head}\r\n\r\n`;
}

/** A response with one byte of its body changed, if it has a body. */
function spoilt(response: Buffer, at: number): Uint8Array {
  const begin = response.indexOf("\r\n\r\n") + 4;
  if (begin < 4 || begin === response.length) return response;
  const copy = Buffer.from(response);
  const place = begin + Math.floor(at * (copy.length - begin));
  copy[place] = copy[place]! ^ 0x55;
  return copy;
}
