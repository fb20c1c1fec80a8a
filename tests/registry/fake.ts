/** A registry made of canned answers, over a transport that knows no network. */

import assert from "node:assert/strict";
import { type Bytes, readAll } from "../../src/bytes.ts";
import type { RegistryOptions, TransportRequest } from "../../src/registry/mod.ts";
import { registries } from "../../src/registry/mod.ts";

/** What a request is answered with; status 200 and no body unless told. */
export interface Reply {
  status?: number;
  headers?: Record<string, string | undefined>;
  body?: string | Uint8Array | ReadableStream<Bytes>;
  /** The connection fails instead. */
  fails?: Error;
}

/** A request as it came. */
export interface Seen {
  method: string;
  url: string;
  headers: Headers;
  body: Bytes;
}

type Script = Reply | Reply[] | ((request: Seen) => Reply | Promise<Reply>);

/**
 * Answers by `METHOD PATH-AND-QUERY` at https://reg.test, or `METHOD URL` elsewhere. A list is answered from in order, its
 * last again and again. What is not in the script fails the test.
 */
export function fake(script: Record<string, Script>, options: RegistryOptions = {}) {
  const seen: Seen[] = [];
  const slept: number[] = [];
  const clock = { now: 1_700_000_000_000 };
  const transport = async (request: TransportRequest): Promise<Response> => {
    request.signal?.throwIfAborted();
    const { method, url, headers } = request;
    const one = { method, url, headers, body: await bodyOf(request) };
    seen.push(one);
    const entry = script[`${method} ${url.replace(/^https:\/\/reg\.test/, "")}`];
    assert.ok(entry, `nobody expected ${method} ${url}`);
    const reply = Array.isArray(entry)
      ? (entry.length > 1 ? entry.shift()! : entry[0]!)
      : typeof entry === "function"
      ? await entry(one)
      : entry;
    if (reply.fails) throw reply.fails;
    const { status = 200, body } = reply;
    const length = typeof body === "string" || body instanceof Uint8Array
      ? { "content-length": String(new Blob([body as string]).size) }
      : undefined;
    const given = new Headers(JSON.parse(JSON.stringify({ ...length, ...reply.headers })));
    const empty = method === "HEAD" || status === 204 || status === 304;
    return new Response(empty ? null : body as string ?? null, { status, headers: given });
  };
  const open = registries({
    transport,
    environment: {
      now: () => clock.now,
      random: () => 0.5,
      sleep: (ms, signal) => {
        signal?.throwIfAborted();
        return Promise.resolve(void slept.push(ms));
      },
    },
    ...options,
  });
  return {
    /** The repository `reg.test/app`. */
    app: open("reg.test/app"),
    open,
    seen,
    slept,
    clock,
    /** The requests so far as `METHOD PATH`, oldest first. */
    calls: () => seen.map(({ method, url }) => `${method} ${url.replace(/^https:\/\/reg\.test/, "")}`),
    /** The `Authorization` headers so far. */
    authorizations: () => seen.map(({ headers }) => headers.get("authorization")),
  };
}

async function bodyOf({ body, signal }: TransportRequest): Promise<Bytes> {
  if (body === undefined) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body.slice();
  return await readAll(await body.open({ signal }), { limit: 1e8, what: "request" });
}
