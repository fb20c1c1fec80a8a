import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import { HttpResponse } from "../../src/http/response.ts";
import { Timeout } from "../../src/http/timeout.ts";
import { breaking, pieces, stalling } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const url = new URL("https://reg.test/x");

function responseOf(
  body: BodyInit | null,
  { headers, idleTimeout = 10_000, signal }: {
    headers?: Record<string, string>;
    idleTimeout?: number;
    signal?: AbortSignal;
  } = {},
): HttpResponse {
  const timeout = new Timeout(signal, () => new GantryError("unavailable", "read x: reg.test keeps silent"));
  const request = { what: "read x", url, idleTimeout, errorLimit: 100 };
  return new HttpResponse(new Response(body, headers && { headers }), timeout, request);
}

describe("the body of a response", () => {
  it("is read chunk by chunk", async () => {
    const response = responseOf(pieces(utf8("hello"), 3));
    const chunks: Bytes[] = [];
    for (let chunk; (chunk = await response.read());) chunks.push(chunk);
    assert.deepEqual(chunks, [utf8("hel"), utf8("lo")]);
    assert.equal(await responseOf(null).read(), undefined);
  });

  it("is read whole up to a limit, announced or not", async () => {
    assert.deepEqual(await responseOf(pieces(utf8("hello"), 2)).bytes(5), utf8("hello"));
    await rejects(responseOf(pieces(utf8("hello"), 2)).bytes(4), "too-large", /^read x: at least 5 bytes/);
    const announced = responseOf("hello", { headers: { "content-length": "5" } });
    await rejects(announced.bytes(4), "too-large", /^read x: 5 bytes, the limit is 4/);
  });

  it("of another length than announced is an error", async () => {
    const response = responseOf("hello", { headers: { "content-length": "6" } });
    await rejects(response.bytes(10), "unavailable", /5 bytes came, 6 were announced/);
  });

  it("that breaks names the server", async () => {
    const response = responseOf(breaking(utf8("hello"), 3));
    await rejects(response.bytes(10), "unavailable", /no answer from reg\.test: the cable was cut/);
  });

  it("that falls silent is given up", async () => {
    const response = responseOf(stalling(utf8("hello"), 3), { idleTimeout: 10 });
    await rejects(response.bytes(10), "unavailable", /keeps silent/);
  });

  it("ends with the caller's signal, and cancels its source", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    let cancelled: unknown;
    const body = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
    const reading = responseOf(body, { signal: abort.signal }).read();
    abort.abort(reason);
    await assert.rejects(reading, reason);
    assert.equal(cancelled, reason);
  });

  it("that nobody wants is read when it is small, and cancelled when it may be large", async () => {
    for (const [length, expected] of [["5", false], ["70000", true], [undefined, true]] as const) {
      let cancelled = false;
      let given = 0;
      const body = new ReadableStream<Bytes>({
        pull(controller) {
          if (given++) return controller.close();
          controller.enqueue(new Uint8Array(5));
        },
        cancel: () => void (cancelled = true),
      }, { highWaterMark: 0 });
      const response = responseOf(
        body,
        length === undefined ? {} : { headers: { "content-length": length } },
      );
      await response.discard();
      await response.discard();
      assert.equal(cancelled, expected, length);
    }
  });
});

describe("the length of a response", () => {
  it("is that of its body, and not told of a compressed form", () => {
    const length = (headers: Record<string, string>) => responseOf(null, { headers }).length;
    assert.equal(length({ "content-length": "5" }), 5);
    assert.equal(length({}), undefined);
    assert.equal(length({ "content-length": "-5" }), undefined);
    assert.equal(length({ "content-length": "5", "content-encoding": "identity" }), 5);
    assert.equal(length({ "content-length": "5", "content-encoding": "gzip" }), undefined);
  });
});
