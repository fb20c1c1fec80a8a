/**
 * A registry that answers from a script, over a raw socket and the runtime's own `fetch`. It is called https://reg.test, and
 * all other hosts are at the same socket.
 */

import assert from "node:assert/strict";
import { type Bytes, readAll } from "../../src/bytes.ts";
import type { Address, OpenOptions } from "../../src/content/contracts.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import {
  type Credentials,
  fetchTransport,
  type Registries,
  registries,
  type Registry,
  type RegistryOptions,
  type TransportRequest,
} from "../../src/registry/mod.ts";
import { type RawAnswer, type RawRequest, rawServer } from "./raw_server.ts";

/** What a request is answered with: status 200 and no body unless told. */
export interface Answer {
  status?: number;
  /** One header several times: a list. `content-length` is added unless it is here; null leaves it out. */
  headers?: Record<string, string | readonly string[] | null | undefined>;
  body?: string | Uint8Array;
  then?: RawAnswer["then"];
}

/** By `METHOD PATH` at https://reg.test, or `METHOD URL`. A list is answered from in order, its last again and again. */
export type Script = Record<string, Answer | Answer[] | ((request: RawRequest) => Answer)>;

/** What a test has to work with. */
export interface Scripted {
  /** The repository `reg.test/app`. */
  app: Registry;
  open: Registries;
  /** The requests so far. */
  requests: RawRequest[];
  /** The requests so far as `METHOD PATH` or `METHOD URL`. */
  calls(): string[];
  /** The `Authorization` headers so far. */
  authorizations(): (string | undefined)[];
  /** How long the client has waited, in milliseconds. */
  slept: number[];
  clock: { now: number };
}

/** Runs the work against a registry with this script. A request that is not in it fails the test. */
export async function scripted(
  script: Script | ((call: string, request: RawRequest) => Answer),
  work: (scripted: Scripted) => Promise<void>,
  options: RegistryOptions & { early?: boolean } = {},
): Promise<void> {
  const unexpected: string[] = [];
  const find = (call: string, request: RawRequest): Answer => {
    if (typeof script === "function") return script(call, request);
    const entry = script[call];
    if (Array.isArray(entry)) return entry.length > 1 ? entry.shift()! : entry[0]!;
    if (typeof entry === "function") return entry(request);
    if (!entry) unexpected.push(call);
    return entry ?? { status: 599 };
  };
  const server = await rawServer((request) => format(request, find(callOf(request), request)), options);
  const slept: number[] = [];
  const clock = { now: 1_700_000_000_000 };
  const open = registries({
    transport: through(server.host),
    timeouts: { response: 3000, idle: 3000 },
    environment: {
      now: () => clock.now,
      random: () => 0.5,
      sleep: (milliseconds, signal) => {
        signal?.throwIfAborted();
        slept.push(milliseconds);
        return Promise.resolve();
      },
    },
    ...options,
  });
  try {
    const { requests } = server;
    await work({
      app: open("reg.test/app"),
      open,
      requests,
      calls: () => requests.map(callOf),
      authorizations: () => requests.map(({ headers }) => headers["authorization"]),
      slept,
      clock,
    });
    assert.deepEqual(unexpected, [], "nobody expected these");
  } finally {
    await server.close();
  }
}

/** Logs in everywhere with these. */
export function as(credentials: Credentials): RegistryOptions {
  return { credentials: () => Promise.resolve(credentials) };
}

/** A name and a password. */
export const me: Credentials = { username: "me", password: "secret" };

/** All of a blob. */
export async function read(app: Registry, what: Address, options?: OpenOptions): Promise<Bytes> {
  return await readAll(await app.open(what, options), { limit: 1e8, what: "blob" });
}

/** A blob of this many bytes, and where it is read from. */
export async function blobOf(
  size: number,
): Promise<{ bytes: Bytes; digest: Awaited<ReturnType<typeof digestBytes>>; size: number; get: string }> {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7) % 251);
  const digest = await digestBytes(bytes);
  return { bytes, digest, size, get: `GET /v2/app/blobs/${digest}` };
}

/** The range that a request asks for, if any: from, up to. */
export function rangeOf({ headers }: RawRequest): [number, number | undefined] | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers["range"] ?? "") ?? [];
  return from === undefined ? undefined : [Number(from), to ? Number(to) + 1 : undefined];
}

/** Answers with the range that was asked for. */
export function ranged(request: RawRequest, bytes: Uint8Array): Answer {
  const range = rangeOf(request);
  if (!range) return { body: bytes };
  const [from, to = bytes.byteLength] = range;
  const contentRange = `bytes ${from}-${to - 1}/${bytes.byteLength}`;
  return { status: 206, headers: { "content-range": contentRange }, body: bytes.slice(from, to) };
}

const origin = "x-origin";

/** Sends everything to one host, and says which one was meant. */
function through(host: string): RegistryOptions["transport"] {
  const transport = fetchTransport();
  const send = (request: TransportRequest) => {
    const url = new URL(request.url);
    request.headers.set(origin, url.origin);
    return transport({ ...request, url: `http://${host}${url.pathname}${url.search}` });
  };
  return Object.assign(send, { decodes: transport.decodes });
}

function callOf({ method, path, headers }: RawRequest): string {
  const at = headers[origin];
  return `${method} ${at === "https://reg.test" ? "" : at}${path}`;
}

function format({ method }: RawRequest, { status = 200, headers = {}, body = "", then }: Answer): RawAnswer {
  const length = typeof body === "string" ? new TextEncoder().encode(body).byteLength : body.byteLength;
  const empty = method === "HEAD" || status === 204 || status === 304;
  const announced = status === 204 || headers["content-length"] !== undefined
    ? {}
    : { "content-length": String(length) };
  const all = { ...headers, ...announced };
  const lines = Object.entries(all).flatMap(([name, values]) =>
    values === null || values === undefined ? [] : [values].flat().map((value) => `${name}: ${value}`)
  );
  return {
    head: [`${status} Status`, ...lines].join("\n"),
    ...(empty ? {} : { body }),
    ...(then && { then }),
  };
}
