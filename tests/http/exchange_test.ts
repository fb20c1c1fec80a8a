import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll, utf8 } from "../../src/bytes.ts";
import { exchange } from "../../src/http/exchange.ts";
import { RequestBody } from "../../src/http/request_body.ts";
import type { TransportRequest } from "../../src/http/transport.ts";
import { breaking, plainContent, stalling } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const request = (more: object = {}) => ({
  what: "write x",
  url: new URL("https://reg.test/x"),
  method: "PUT",
  headers: new Headers(),
  connectTimeout: 10_000,
  responseTimeout: 10_000,
  idleTimeout: 10_000,
  errorLimit: 100,
  streaming: RequestBody,
  ...more,
});
const streaming = (open: () => ReadableStream<Bytes>) =>
  plainContent(utf8("hello"), { open: () => Promise.resolve(open()) });
/** Reads the body that is sent, and answers. */
const reading = async ({ body, signal }: TransportRequest) => {
  const stream = body && !(body instanceof Uint8Array) ? await body.open({ signal }) : undefined;
  if (stream) await readAll(stream, { limit: 100, what: "body" });
  return new Response("done");
};

describe("an HTTP exchange", () => {
  it("gives the response, whatever its status", async () => {
    const response = await exchange(
      () => Promise.resolve(new Response("no", { status: 500 })),
      request({ body: utf8("hello") }),
    );
    assert.equal(response.status, 500);
    assert.equal(response.what, "write x");
    assert.deepEqual(await response.bytes(10), utf8("no"));
  });

  const hanging = ({ signal }: TransportRequest) =>
    new Promise<Response>((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));

  it("with a server that does not answer is given up", async () => {
    await rejects(
      exchange((sent) => (sent.connected!(), hanging(sent)), request({ responseTimeout: 100 })),
      "unavailable",
      /^write x: reg\.test keeps silent: nothing came for 0\.1 s$/,
    );
  });

  it("is given up sooner where no connection stands", async () => {
    await rejects(
      exchange(hanging, request({ connectTimeout: 100 })),
      "unavailable",
      /^write x: no answer from reg\.test: not connected after 0\.1 s$/,
    );
  });

  it("that fails says so in an error of ours", async () => {
    const failing = () => Promise.reject(new TypeError("reset"));
    await rejects(exchange(failing, request()), "unavailable", /^write x: no answer from reg\.test: reset$/);
  });

  it("passes on what the content throws", async () => {
    const body = streaming(() => breaking(utf8("hello"), 3));
    await assert.rejects(exchange(reading, request({ body })), /^Error: the cable was cut$/);
    const locked = { ...body, open: () => Promise.reject(new Error("locked")) };
    await assert.rejects(exchange(reading, request({ body: locked })), /^Error: locked$/);
  });

  it("does not count the time that the content takes", async () => {
    const slow = () =>
      new ReadableStream<Bytes>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 60));
          controller.enqueue(utf8("hello"));
          controller.close();
        },
      }, { highWaterMark: 0 });
    const response = await exchange(reading, request({ body: streaming(slow), responseTimeout: 30 }));
    assert.equal(response.status, 200);
  });

  it("that succeeds before all was sent does not count", async () => {
    const early = async ({ body, signal }: TransportRequest) => {
      const stream = await (body as ReturnType<typeof streaming>).open({ signal });
      await stream.getReader().read();
      return new Response();
    };
    const body = plainContent(utf8("hello"), {
      open: () =>
        Promise.resolve(
          new ReadableStream<Bytes>({ pull: (controller) => controller.enqueue(new Uint8Array(1)) }),
        ),
    });
    await rejects(exchange(early, request({ body })), "unavailable", /before all was sent/);
  });

  it("ends with the caller's signal", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    const body = streaming(() => stalling(utf8("hello"), 3));
    const running = exchange(reading, request({ body, signal: abort.signal }));
    setTimeout(() => abort.abort(reason), 10);
    await assert.rejects(running, reason);
  });
});
