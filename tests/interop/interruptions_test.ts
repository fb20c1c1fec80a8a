/** A large blob over connections that break, and a server that wants to be waited for, on the clock of the wall. */

import assert from "node:assert/strict";
import { createHash, randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { describe, it } from "node:test";
import { registry } from "../../src/registry/mod.ts";

const size = 200_000_000;
const block = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) % 253);

/** The bytes of the blob from `from` up to `to`. */
function* bytesOf(from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at < to;) {
    const start = at % block.byteLength;
    const piece = block.subarray(start, Math.min(block.byteLength, start + to - at));
    yield piece;
    at += piece.byteLength;
  }
}

const hash = createHash("sha256");
for (const piece of bytesOf(0, size)) hash.update(piece);
const digest = `sha256:${hash.digest("hex")}` as const;

/** Numbers that depend on the seed alone. */
function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

describe("a blob of 200 MB", () => {
  it("that is cut at nine random places arrives, hardly a byte fetched twice", async () => {
    const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31));
    const random = randoms(seed);
    const cuts = Array.from({ length: 9 }, () => Math.floor(random() * size)).sort((a, b) => a - b);
    let sent = 0;
    const server = createServer(async (request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      while (cuts.length > 0 && cuts[0]! <= from) cuts.shift();
      const cut = cuts.shift() ?? size;
      response.writeHead(from ? 206 : 200, {
        "content-length": size - from,
        ...(from && { "content-range": `bytes ${from}-${size - 1}/${size}` }),
      });
      const closed = once(response, "close");
      for (const piece of bytesOf(from, cut)) {
        if (response.destroyed) break;
        sent += piece.byteLength;
        if (!response.write(piece)) await Promise.race([once(response, "drain"), closed]);
      }
      if (cut < size) response.destroy();
      else response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const app = registry(`127.0.0.1:${port}/app`);
      const received = createHash("sha256");
      let length = 0;
      const reader = (await app.open({ digest, size })).getReader();
      for (let chunk; !(chunk = await reader.read()).done;) {
        received.update(chunk.value);
        length += chunk.value.byteLength;
      }
      assert.equal(length, size);
      assert.equal(`sha256:${received.digest("hex")}`, digest);
      const twice = (sent - size) / size;
      console.log(`seed ${seed}: ${(twice * 100).toFixed(2)} % sent twice`);
      assert.ok(twice <= 0.05, `seed ${seed}: ${(twice * 100).toFixed(2)} % sent twice`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("a server that wants to be waited for", () => {
  it("is waited for as long as it says", async () => {
    const times: number[] = [];
    const server = createServer((_, response) => {
      times.push(performance.now());
      if (times.length === 1) response.writeHead(429, { "retry-after": "3" }).end();
      else response.writeHead(200, { "content-type": "application/json" }).end('{"tags":["v1"]}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      for await (const name of registry(`127.0.0.1:${port}/app`).names()) assert.equal(name, "v1");
      const waited = times[1]! - times[0]!;
      console.log(`waited ${(waited / 1000).toFixed(2)} s`);
      assert.ok(waited >= 3000 && waited < 4000, `${waited} ms`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
