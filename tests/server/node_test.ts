import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { get, request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { nodeTransport } from "../../src/http/node_transport.ts";
import { serverCertificate as certificate, serverKey as key } from "../support/certificates.ts";
import { type Handler, listen, type Listening } from "../../src/server/node.ts";

const mebibyte = 1024 * 1024;

async function serving(handler: Handler, work: (server: Listening) => Promise<void>): Promise<void> {
  const server = await listen(handler);
  try {
    await work(server);
  } finally {
    await server.close();
  }
}

async function connected({ port }: Listening): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return socket;
}

/** All that comes until the other side closes, or until `enough`. */
function received(socket: Socket, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      if (enough(text)) resolve(text);
    });
    socket.once("end", () => resolve(text));
    socket.once("error", reject);
  });
}

/** Waits until a number has stopped growing. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1, same = 0; same < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    same = count() === before && before > 0 ? same + 1 : 0;
    before = count();
  }
  return count();
}

async function lengthOf(stream: ReadableStream<Uint8Array> | null): Promise<number> {
  let length = 0;
  const reader = stream?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) return length;
    length += next.value.byteLength;
  }
}

describe("listen", () => {
  it("hands over method, path, query, headers and body", async () => {
    const handler: Handler = async (request) => {
      const { pathname, search } = new URL(request.url);
      const got = [request.method, pathname, search, request.headers.get("x-y"), await request.text()];
      return new Response(JSON.stringify(got), { status: 201, headers: { "x-z": "1" } });
    };
    await serving(handler, async ({ url }) => {
      const init = { method: "PATCH", headers: { "x-y": "2" }, body: "hello" };
      const response = await fetch(`${url}/v2//a%2Fb/?n=1&last=%20`, init);
      assert.equal(response.status, 201);
      assert.equal(response.headers.get("x-z"), "1");
      assert.deepEqual(await response.json(), ["PATCH", "/v2//a%2Fb/", "?n=1&last=%20", "2", "hello"]);
    });
  });

  it("takes no host from the client", async () => {
    const handler: Handler = (request) => Promise.resolve(new Response(request.url));
    await serving(handler, async (server) => {
      const socket = await connected(server);
      const answer = received(socket);
      socket.write("GET //evil/x HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n");
      assert.match(await answer, /http:\/\/localhost\/\/evil\/x/);
    });
  });

  it("keeps the Content-Length of a streamed body, and of an answer to HEAD", async () => {
    const handler: Handler = (request) => {
      const body = request.method === "HEAD" ? null : new Blob(["hello"]).stream();
      return Promise.resolve(new Response(body, { headers: { "content-length": "5" } }));
    };
    await serving(handler, async (server) => {
      for (const method of ["GET", "HEAD"]) {
        const socket = await connected(server);
        const answer = received(socket);
        socket.write(`${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        const [head, body] = (await answer).split("\r\n\r\n");
        assert.match(head!, /^content-length: 5$/im);
        assert.doesNotMatch(head!, /chunked/i);
        assert.equal(body, method === "HEAD" ? "" : "hello");
      }
    });
  });

  it("streams a large body in and out", async () => {
    const piece = new Uint8Array(mebibyte).fill(7);
    const pieces = (count: number) =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => count-- > 0 ? controller.enqueue(piece.slice()) : controller.close(),
      });
    const handler: Handler = async (request) =>
      request.method === "GET"
        ? new Response(pieces(40))
        : new Response(String(await lengthOf(request.body)));
    await serving(handler, async ({ url }) => {
      assert.equal(await lengthOf((await fetch(url)).body), 40 * mebibyte);
      const init: RequestInit & { duplex: "half" } = { method: "PUT", body: pieces(40), duplex: "half" };
      assert.equal(await (await fetch(url, init)).text(), String(40 * mebibyte));
    });
  });

  it("does not read ahead of a client that does not read", async () => {
    let sent = 0;
    const handler: Handler = () =>
      Promise.resolve(
        new Response(
          new ReadableStream({
            pull(controller) {
              if (sent === 256) return controller.close();
              sent++;
              controller.enqueue(new Uint8Array(mebibyte));
            },
          }),
        ),
      );
    await serving(handler, async (server) => {
      const socket = await connected(server);
      socket.pause();
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const count = await settled(() => sent);
      socket.destroy();
      assert.ok(count < 64, `${count} MiB were produced for nobody`);
    });
  });

  it("does not take what the handler does not read", async () => {
    const { promise: enough, resolve: finish } = Promise.withResolvers<void>();
    const handler: Handler = async (request) => {
      await request.body!.getReader().read();
      await enough;
      return new Response(null);
    };
    await serving(handler, async (server) => {
      const socket = await connected(server);
      socket.on("error", () => {});
      let written = 0;
      socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${256 * mebibyte}\r\n\r\n`);
      const more = () => {
        while (written < 256) {
          written++;
          if (!socket.write(new Uint8Array(mebibyte))) return void socket.once("drain", more);
        }
      };
      more();
      const count = await settled(() => written);
      finish();
      socket.destroy();
      assert.ok(count < 64, `${count} MiB were taken that nobody read`);
    });
  });

  it("tells the handler when the client leaves during its answer", async () => {
    const { promise: left, resolve: leave } = Promise.withResolvers<unknown>();
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
    const handler: Handler = (request) => {
      request.signal.addEventListener("abort", () => abort(), { once: true });
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: leave,
      });
      return Promise.resolve(new Response(body));
    };
    await serving(handler, async ({ url }) => {
      const client = get(url, (response) => response.once("data", () => client.destroy()));
      client.on("error", () => {});
      await Promise.all([left, aborted]);
    });
  });

  it("breaks the request's body when the client leaves", async () => {
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    const handler: Handler = async (request) => {
      const reader = request.body!.getReader();
      await reader.read();
      begin();
      await reader.read().then(() => resolve("ended"), resolve);
      return new Response(null);
    };
    await serving(handler, async ({ url }) => {
      const client = httpRequest(url, { method: "PUT", headers: { "content-length": "100" } });
      client.on("error", () => {});
      client.write("x".repeat(10));
      await began;
      client.destroy();
      assert.ok(await outcome instanceof Error);
    });
  });

  it("breaks the connection when an answer fails in its middle", async () => {
    const handler: Handler = () => {
      let n = 0;
      const body = new ReadableStream({
        pull: (controller) =>
          n++ ? controller.error(new Error("rotten")) : controller.enqueue(new Uint8Array(10)),
      });
      return Promise.resolve(new Response(body, { headers: { "content-length": "20" } }));
    };
    await serving(handler, async ({ url }) => {
      await assert.rejects(async () => await (await fetch(url)).arrayBuffer());
    });
  });

  it("answers 500 when the handler fails", async () => {
    await serving(() => Promise.reject(new Error("no")), async ({ url }) => {
      assert.equal((await fetch(url)).status, 500);
    });
  });

  it("answers before the body is read, and goes on with the same connection", async () => {
    const handler: Handler = (request) => Promise.resolve(new Response(request.method, { status: 413 }));
    await serving(handler, async (server) => {
      const socket = await connected(server);
      const both = received(socket, (text) => /\bGET\b/.test(text));
      socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 * mebibyte}\r\n\r\n`);
      socket.write(new Uint8Array(2 * mebibyte));
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.equal((await both).match(/^HTTP\/1\.1 413/gm)?.length, 2);
      socket.destroy();
    });
  });

  it("does not let a refused client send for ever", async () => {
    const handler: Handler = () => Promise.resolve(new Response(null, { status: 413 }));
    await serving(handler, async (server) => {
      const socket = await connected(server);
      socket.on("error", () => {});
      const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      socket.write("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      const more = () => {
        while (!socket.destroyed) {
          if (!socket.write(`100000\r\n${"x".repeat(mebibyte)}\r\n`)) return void socket.once("drain", more);
        }
      };
      more();
      await closed;
    });
  });

  it("closes a connection that falls silent", async () => {
    const handler: Handler = async (request) => new Response(await request.text());
    const server = await listen(handler, { idle: 0.1 });
    const socket = await connected(server);
    socket.on("error", () => {});
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.resume();
    socket.write("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
    await closed;
    await server.close();
  });

  it("closes a connection whose client hardly takes what it asked for", async () => {
    const size = 128 * mebibyte;
    const server = await listen(() => Promise.resolve(new Response(new Uint8Array(size))), { idle: 0.7 });
    const socket = await connected(server);
    socket.on("error", () => {});
    let taken = 0;
    socket.on("data", (chunk) => {
      taken += chunk.length;
      socket.pause();
    });
    // So that bytes do move all the time.
    const reading = setInterval(() => socket.resume(), 4);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await closed;
    clearInterval(reading);
    assert.ok(taken < size, `${taken} bytes`);
    await server.close();
  });

  it("closes connections that never send whole headers", async () => {
    const server = await listen(() => Promise.resolve(new Response()), { headers: 0.3 });
    try {
      const [silent, dripping] = [await connected(server), await connected(server)];
      dripping.on("error", () => {}); // it writes on while it is closed
      const closed = [silent, dripping].map((socket) =>
        new Promise<void>((resolve) => socket.once("close", () => resolve()).resume())
      );
      dripping.write("GET / HTTP/1.1\r\nHost: x\r\n");
      const drip = setInterval(() => dripping.write("X: y\r\n"), 50);
      await Promise.all(closed);
      clearInterval(drip);
    } finally {
      await server.close();
    }
  });

  it("lets what is under way end when it is told to, and takes nothing new", async () => {
    let begin = () => {};
    const begun = new Promise<void>((resolve) => begin = resolve);
    let answer = (_: Response) => {};
    const server = await listen(() => {
      begin();
      return new Promise((resolve) => answer = resolve);
    });
    const idle = await connected(server);
    const response = fetch(server.url);
    await begun;
    const closing = server.close({ grace: 30 });
    const refused = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => refused.once("error", resolve));
    answer(new Response("whole"));
    assert.equal(await (await response).text(), "whole");
    await closing;
    idle.destroy();
  });

  it("serves HTTPS, and presents another certificate to who comes later", async () => {
    const server = await listen(() => Promise.resolve(new Response("secret")), {
      tls: { cert: certificate, key },
    });
    try {
      assert.match(server.url, /^https:/);
      const insecure = nodeTransport({ connection: { insecure: true } });
      const ask = () => insecure({ url: server.url, method: "GET", headers: new Headers() });
      assert.equal(await (await ask()).text(), "secret");
      server.renew({ cert: certificate, key });
      assert.equal(await (await ask()).text(), "secret");
    } finally {
      await server.close();
    }
  });

  it("rejects when the port is taken", async () => {
    await serving(() => Promise.resolve(new Response()), async ({ port }) => {
      await assert.rejects(listen(() => Promise.resolve(new Response()), { port }));
    });
  });
});
