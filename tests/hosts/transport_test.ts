import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { runtimeTransport } from "../../src/hosts/mod.ts";
import { type Bytes, readAll } from "../../src/bytes.ts";
import { fetchTransport } from "../../src/registry/mod.ts";
import { serverCertificate, serverKey } from "../support/certificates.ts";

async function serving(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer({ key: serverKey, cert: serverCertificate }, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Answers with what came: method, length, how it was framed, and the sum of its bytes. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  let [length, sum] = [0, 0];
  request.on("data", (chunk: Uint8Array) => {
    length += chunk.byteLength;
    for (const byte of chunk) sum += byte;
  });
  request.on("end", () => {
    const { "content-length": told, "transfer-encoding": coding, "x-y": header } = request.headers;
    response.setHeader("x-y", `${header}`);
    response.writeHead(201);
    response.end(JSON.stringify({ method: request.method, length, sum, told, coding }));
  });
}

function pieces(count: number, size: number): ReadableStream<Bytes> {
  let left = count;
  return new ReadableStream({
    pull: (controller) => left-- > 0 ? controller.enqueue(new Uint8Array(size).fill(1)) : controller.close(),
  });
}

describe("a transport that takes any certificate", () => {
  it("takes certificates that fetch refuses", () =>
    serving(echo, async (url) => {
      await assert.rejects(fetchTransport()({ url, method: "GET", headers: new Headers() }));
      const response = await runtimeTransport({ insecure: true })({
        url,
        method: "GET",
        headers: new Headers({ "x-y": "z" }),
      });
      assert.equal(response.status, 201);
      assert.equal(response.headers.get("x-y"), "z");
      assert.equal((await response.json()).method, "GET");
    }));

  it("sends bytes and streams with their length", () =>
    serving(echo, async (url) => {
      const send = async (body: Bytes | { size?: number }) => {
        const content = body instanceof Uint8Array ? body : {
          mediaType: "x/y",
          replayable: false,
          open: () => Promise.resolve(pieces(40, 100_000)),
          ...body,
        };
        const response = await runtimeTransport({ insecure: true })({
          url,
          method: "PUT",
          headers: new Headers(),
          body: content,
        });
        return await response.json();
      };
      const method = "PUT";
      assert.deepEqual(await send(new Uint8Array(3).fill(2)), { method, length: 3, sum: 6, told: "3" });
      assert.deepEqual(await send(new Uint8Array(0)), { method, length: 0, sum: 0, told: "0" });
      const all = { method, length: 4_000_000, sum: 4_000_000 };
      assert.deepEqual(await send({ size: 4_000_000 }), { ...all, told: "4000000" });
      assert.deepEqual(await send({}), { ...all, coding: "chunked" });
    }));

  it("reads no faster than it is read, and lets go", () => {
    let written = 0;
    let gone: () => void;
    const closed = new Promise<void>((resolve) => gone = resolve);
    const flood = (_: IncomingMessage, response: ServerResponse) => {
      const chunk = new Uint8Array(1 << 20);
      const more = () => {
        while (written < 400 && response.write(chunk)) written++;
        written++;
      };
      response.on("drain", more);
      response.on("close", gone);
      more();
    };
    return serving(flood, async (url) => {
      const response = await runtimeTransport({ insecure: true })({
        url,
        method: "GET",
        headers: new Headers(),
      });
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
      await closed;
      assert.ok(written < 400, `${written} MiB`);
    });
  });

  it("passes on what the content and the connection throw", () =>
    serving((request) => request.socket.destroy(), async (url) => {
      const transport = runtimeTransport({ insecure: true });
      await assert.rejects(transport({ url, method: "GET", headers: new Headers() }));
      const broken = {
        mediaType: "x/y",
        replayable: false,
        open: () => Promise.reject(new Error("the disk is gone")),
      };
      await assert.rejects(
        transport({ url, method: "PUT", headers: new Headers(), body: broken }),
        /the disk is gone/,
      );
    }));

  it("ends when the signal does", () =>
    serving(() => {}, async (url) => {
      const stop = new AbortController();
      const waiting = runtimeTransport({ insecure: true })({
        url,
        method: "GET",
        headers: new Headers(),
        signal: stop.signal,
      });
      stop.abort(new Error("enough"));
      await assert.rejects(waiting);
    }));

  it("leaves plain HTTP to fetch, and has no bodies where there are none", () =>
    serving((_, response) => response.writeHead(204).end(), async (url) => {
      const response = await runtimeTransport({ insecure: true })({
        url,
        method: "DELETE",
        headers: new Headers(),
      });
      assert.equal(response.status, 204);
      assert.equal(response.body, null);
      await assert.rejects(
        runtimeTransport({ insecure: true })({
          url: url.replace("https:", "http:"),
          method: "GET",
          headers: new Headers(),
        })
          .then((answer) =>
            readAll(answer.body as ReadableStream<Bytes>, { limit: 100, what: "answer" })
              .then(() => assert.equal(answer.status, 200))
          ),
      );
    }));
});
