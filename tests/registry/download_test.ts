import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll } from "../../src/bytes.ts";
import type { OpenOptions } from "../../src/content/contracts.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { fake, type Reply, type Seen } from "./fake.ts";
import { rejects } from "../../src/testing/errors.ts";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const digest = await digestBytes(bytes);
const get = `GET /v2/app/blobs/${digest}`;
const what = { digest, size: bytes.byteLength };

/** A server that takes ranges, and lets the connection break after so many bytes of each answer. */
function ranged({ headers }: Seen, breakAfter = Infinity): Reply {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  const part = bytes.slice(Number(from ?? 0), to ? Number(to) + 1 : undefined);
  const start = Number(from ?? 0);
  const range = { "content-range": `bytes ${start}-${start + part.byteLength - 1}/1000` };
  return {
    status: from === undefined ? 200 : 206,
    headers: { "content-length": String(part.byteLength), ...(from === undefined ? {} : range) },
    body: breakAfter < part.byteLength ? breaking(part.slice(0, breakAfter)) : part,
  };
}

/** A body that ends in a broken connection. */
function breaking(bytes: Bytes): ReadableStream<Bytes> {
  let given = false;
  return new ReadableStream({
    pull(controller) {
      if (given) return controller.error(new TypeError("terminated"));
      given = true;
      controller.enqueue(bytes);
    },
  }, { highWaterMark: 0 });
}

const read = async (server: ReturnType<typeof fake>, options: OpenOptions = {}, address: object = what) =>
  await readAll(await server.app.open({ digest, ...address }, options), { limit: 5000, what: "blob" });

describe("a blob", () => {
  it("is read whole, or in a range", async () => {
    for (
      const [start, end] of [[0, undefined], [10, undefined], [10, 20], [0, 10], [999, undefined], [5, 5], [
        0,
        1000,
      ]] as const
    ) {
      const server = fake({ [get]: (request) => ranged(request) });
      assert.deepEqual(await read(server, { start, end }), bytes.slice(start, end), `${start}–${end}`);
      assert.deepEqual(
        await read(server, { start, end }, {}),
        bytes.slice(start, end),
        `${start}–${end} of unknown size`,
      );
    }
  });

  it("is asked for without a range where all is wanted, uncompressed", async () => {
    const server = fake({ [get]: (request) => ranged(request) });
    await read(server);
    assert.equal(server.seen[0]!.headers.get("range"), null);
    assert.equal(server.seen[0]!.headers.get("accept-encoding"), "identity");
    await read(server, { start: 3, end: 9 });
    assert.equal(server.seen[1]!.headers.get("range"), "bytes=3-8");
  });

  it("of a registry without ranges is read from its beginning, and cut", async () => {
    for (const headers of [{}, { "content-length": "" }]) {
      const server = fake({ [get]: { body: bytes, headers } });
      assert.deepEqual(await read(server, { start: 100, end: 200 }), bytes.slice(100, 200));
      assert.deepEqual(await read(server, { start: 100, end: 200 }, {}), bytes.slice(100, 200));
      assert.deepEqual(await read(server, { start: 990 }, {}), bytes.slice(990));
    }
  });

  it("that ends where the range begins is empty", async () => {
    const behind: Reply = { status: 416, headers: { "content-range": "bytes */1000" } };
    assert.equal((await read(fake({ [get]: behind }), { start: 1000 })).byteLength, 0);
    assert.equal((await read(fake({ [get]: { status: 416 } }), { start: 1000 })).byteLength, 0);
    await rejects(read(fake({ [get]: behind }), { start: 500 }), "conflict");
    await rejects(read(fake({ [get]: { status: 416 } }), { start: 1000 }, {}), "conflict");
  });

  it("is refused when the range is another one", async () => {
    const bad = [
      "",
      "bytes 0-999/1000",
      "bytes 11-19/1000",
      "bytes 10-20/1000",
      "bytes 10-9/1000",
      "bytes */1000",
      "10-19/1000",
      "bytes 10-19/1000, bytes 30-39/1000",
    ];
    for (const range of bad) {
      const server = fake({
        [get]: { status: 206, headers: { "content-range": range }, body: bytes.slice(10, 20) },
      });
      await rejects(
        read(server, { start: 10, end: 20 }),
        "invalid-document",
        /asked for the bytes from 10, got/,
      );
    }
    const unasked = fake({
      [get]: { status: 206, headers: { "content-range": "bytes 5-999/1000" }, body: bytes.slice(5) },
    });
    await rejects(read(unasked), "invalid-document");
  });

  it("of another size than the descriptor's is refused before it is read", async () => {
    for (
      const reply of [
        { body: bytes.slice(1) },
        { status: 206, headers: { "content-range": "bytes 0-1/999" }, body: bytes.slice(0, 2) },
      ]
    ) {
      await rejects(
        read(fake({ [get]: reply }), { start: 0, end: 2 }),
        "size-mismatch",
        /999 bytes, expected 1000/,
      );
    }
  });

  it("that a server compressed on the way is not measured by its Content-Length", async () => {
    const server = fake({
      [get]: { body: bytes, headers: { "content-encoding": "gzip", "content-length": "77" } },
    });
    assert.deepEqual(await read(server), bytes);
  });

  it("that is not there is not-found", async () => {
    await rejects(
      read(fake({ [get]: { status: 404 } })),
      "not-found",
      /^read reg\.test\/app@sha256:\S+: 404/,
    );
  });
});

describe("a broken download", () => {
  it("goes on where it broke, at the registry and not where that sent us", async () => {
    const breaks = [300, 300, Infinity];
    const server = fake({
      [get]: { status: 307, headers: { location: "https://cdn.test/x?sig=1" } },
      "GET https://cdn.test/x?sig=1": (request) => ranged(request, breaks.shift()),
    });
    assert.deepEqual(await read(server), bytes);
    assert.deepEqual(server.calls(), [
      get,
      "GET https://cdn.test/x?sig=1",
      get,
      "GET https://cdn.test/x?sig=1",
      get,
      "GET https://cdn.test/x?sig=1",
    ]);
    assert.deepEqual(server.seen.map(({ headers }) => headers.get("range")), [
      null,
      null,
      "bytes=300-",
      "bytes=300-",
      "bytes=600-",
      "bytes=600-",
    ]);
  });

  it("keeps to its range", async () => {
    const breaks = [50, Infinity];
    const server = fake({ [get]: (request) => ranged(request, breaks.shift()) });
    assert.deepEqual(await read(server, { start: 100, end: 400 }), bytes.slice(100, 400));
    assert.equal(server.seen[1]!.headers.get("range"), "bytes=150-399");
  });

  it("passes over what it has where the registry takes no ranges", async () => {
    const bodies = [breaking(bytes.slice(0, 400)), bytes];
    const server = fake({ [get]: () => ({ body: bodies.shift()!, headers: { "content-length": "1000" } }) });
    assert.deepEqual(await read(server), bytes);
  });

  it("that seems to end well is noticed by its size", async () => {
    const bodies = [bytes.slice(0, 999), bytes.slice(999)];
    const server = fake({
      [get]: ({ headers }) =>
        headers.has("range")
          ? { status: 206, headers: { "content-range": "bytes 999-999/1000" }, body: bodies[1]! }
          : { headers: { "content-length": "" }, body: bodies[0]! },
    });
    assert.deepEqual(await read(server), bytes);
  });

  it("is given up when it gets nowhere", async () => {
    const server = fake({ [get]: (request) => ranged(request, 0) });
    await rejects(read(server), "unavailable", /no answer from reg\.test: the connection broke$/);
    assert.equal(server.seen.length, 4);
    assert.deepEqual(server.slept, [500, 1000, 2000]);
    const short = fake({ [get]: { headers: { "content-length": "" }, body: bytes.slice(0, 10) } });
    await rejects(read(short), "size-mismatch", /10 bytes, expected 1000/);
  });

  it("is not given up as long as it gets on, and waits a little where that is slow", async () => {
    const slow = fake({ [get]: (request) => ranged(request, 10) });
    assert.deepEqual(await read(slow), bytes);
    assert.equal(slow.seen.length, 100);
    assert.deepEqual(slow.slept, Array(99).fill(500));
    const large = new Uint8Array(12 << 20).fill(7);
    const name = await digestBytes(large);
    const server = fake({
      [`GET /v2/app/blobs/${name}`]: ({ headers }) => {
        const from = Number(/^bytes=(\d+)-$/.exec(headers.get("range") ?? "")?.[1] ?? 0);
        const last = large.byteLength - 1;
        return {
          status: from ? 206 : 200,
          headers: from ? { "content-range": `bytes ${from}-${last}/${last + 1}` } : {},
          body: from + (2 << 20) > last ? large.slice(from) : breaking(large.slice(from, from + (2 << 20))),
        };
      },
    });
    const stream = await server.app.open({ digest: name, size: large.byteLength });
    assert.equal((await readAll(stream, { limit: 1e8, what: "blob" })).byteLength, large.byteLength);
    assert.equal(server.seen.length, 6);
  });

  it("of compressed bytes begins anew, and passes over what it has", async () => {
    const bodies = [breaking(bytes.slice(0, 10)), bytes];
    const headers = { "content-encoding": "gzip", "content-length": "77" };
    const server = fake({ [get]: () => ({ headers, body: bodies.shift()! }) });
    assert.deepEqual(await read(server), bytes);
    assert.deepEqual(server.seen.map(({ headers }) => headers.get("range")), [null, null]);
  });

  it("that gets another range than it asked for asks for all, and passes over what it has", async () => {
    const others: Record<string, string | undefined>[] = [
      { "content-range": "bytes 0-999/1000" },
      { "content-range": "bytes 401-999/1000" },
      { "content-range": "bytes 300-999/1001" },
      { "content-range": "bytes 300-399/1000, bytes 500-599/1000" },
      { "content-type": "multipart/byteranges; boundary=x" },
    ];
    for (const headers of others) {
      const bodies = [breaking(bytes.slice(0, 300)), breaking(bytes.slice(0, 600)), bytes];
      const server = fake({
        [get]: (request) =>
          request.headers.has("range")
            ? { status: 206, headers, body: bytes.slice(300) }
            : { headers: { "content-length": "1000" }, body: bodies.shift()! },
      });
      assert.deepEqual(await read(server), bytes);
      // Once is enough to learn that ranges are no good here.
      assert.deepEqual(
        server.seen.map(({ headers }) => headers.get("range")),
        [null, "bytes=300-", null, null],
      );
    }
  });

  it("asks the registry anew where storage takes no longer what that signed", async () => {
    const asked: Reply[] = [1, 2, 3].map((n) => ({
      status: 307,
      headers: { location: `https://cdn.test/x?sig=${n}` },
    }));
    const server = fake({
      [get]: asked,
      "GET https://cdn.test/x?sig=1": (request) => ranged(request, 300),
      "GET https://cdn.test/x?sig=2": { status: 403, body: "<Error>AccessDenied: Request has expired" },
      "GET https://cdn.test/x?sig=3": (request) => ranged(request),
    });
    assert.deepEqual(await read(server), bytes);
    const denied = fake({
      [get]: { status: 307, headers: { location: "https://cdn.test/x" } },
      "GET https://cdn.test/x": { status: 403 },
    });
    await rejects(read(denied), "denied");
    assert.equal(denied.seen.length, 6);
  });

  it("ends with the reader's leave", async () => {
    let cancelled = false;
    const body = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(bytes.slice(0, 10)),
      cancel: () => void (cancelled = true),
    });
    const server = fake({ [get]: { body } });
    const stream = await server.app.open({ digest });
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    assert.ok(cancelled);
  });
});
