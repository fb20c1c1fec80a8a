import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sameBytes } from "../../src/bytes.ts";
import { copy } from "../../src/copy/mod.ts";
import { memory } from "../../src/content/memory.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { fetchTransport } from "../../src/http/transport.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { type Bucket, objects, s3 } from "../../src/objects/mod.ts";
import { registry } from "../../src/registry/mod.ts";
import { server as serve } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { type RegistryProcess, startRegistry } from "./s3_registry.ts";
import { type S3Server, servers } from "./s3_servers.ts";

for (const { name, needed, start } of servers) {
  describe(`uploads to ${name}`, needed, () => {
    it("begin in one process, go on in the next, and are ended in a third, with pieces of any size", () =>
      withServer(start, async (server) => {
        const processes: RegistryProcess[] = [];
        try {
          for (let n = 0; n < 3; n++) processes.push(await startRegistry(server));
          const at = (n: number, path: string) => `http://127.0.0.1:${processes[n % 3]!.port}${path}`;
          const bytes = randomBytes(26_000_001);
          const begun = await fetch(at(0, "/v2/acme/app/blobs/uploads/"), { method: "POST" });
          const location = begun.headers.get("location")!;
          const ends = [1, 4_000_000, 17_000_003, 25_000_000];
          for (const [n, end] of ends.entries()) {
            const from = ends[n - 1] ?? 0;
            const { status, headers } = await fetch(at(n + 1, location), {
              method: "PATCH",
              headers: { "content-range": `${from}-${end - 1}` },
              body: bytes.slice(from, end),
            });
            assert.deepEqual([status, headers.get("range")], [202, `0-${end - 1}`]);
          }
          const digest = await digestBytes(bytes);
          const ended = await fetch(at(5, `${location}?digest=${digest}`), {
            method: "PUT",
            body: bytes.slice(25_000_000),
          });
          assert.equal(ended.status, 201);
          for (const { port } of processes) {
            const read = await fetch(`http://127.0.0.1:${port}/v2/acme/app/blobs/${digest}`);
            assert.ok(sameBytes(new Uint8Array(await read.arrayBuffer()), bytes));
          }
        } finally {
          for (const one of processes) await one.kill();
        }
      }));

    it("are downloaded from the bucket itself, without the credentials of the registry", () =>
      withServer(start, async (server) => {
        const { count, bucket } = counted(server);
        const serving = serve({ repositories: objects({ bucket }), redirect: true });
        const login = `Basic ${btoa("user:password")}`;
        const listening = await listen((request) =>
          request.headers.get("authorization") === login ? serving(request) : Promise.resolve(
            new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="test"' } }),
          )
        );
        try {
          const credentials = () => Promise.resolve({ username: "user", password: "password" });
          const there = registry(`127.0.0.1:${listening.port}/acme/app`, { credentials });
          const bytes = randomBytes(100_000);
          const image = emptyImage().append(layer(bytes, { compression: "none" }));
          await copy(image, there, { name: "v1" });
          const before = count();
          await copy(await openImage(there, "v1"), memory(), { name: "v1" });
          // A tag and its manifest, and a link for each of two blobs.
          assert.equal(count() - before, 4);
          const url = `${listening.url}/v2/acme/app/blobs/${await digestBytes(bytes)}`;
          const part = await fetch(url, { headers: { authorization: login, range: "bytes=10-19" } });
          assert.equal(part.status, 206);
          assert.ok(part.redirected);
          assert.ok(sameBytes(new Uint8Array(await part.arrayBuffer()), bytes.slice(10, 20)));
          const head = await fetch(url, { method: "HEAD", headers: { authorization: login } });
          assert.deepEqual([head.status, head.redirected, head.headers.get("content-length")], [
            200,
            false,
            "100000",
          ]);
        } finally {
          await listening.close();
        }
      }));

    it("and downloads take few requests", (t) =>
      withServer(start, async (server) => {
        const { count, bucket } = counted(server);
        const listening = await listen(serve({ repositories: objects({ bucket }) }));
        try {
          let image = emptyImage();
          for (let n = 0; n < 3; n++) {
            image = image.append(layer(randomBytes(100_000), { compression: "none" }));
          }
          const there = registry(`127.0.0.1:${listening.port}/acme/app`);
          await copy(image, there, { name: "v1" });
          const push = count();
          await copy(await openImage(there, "v1"), memory(), { name: "v1" });
          const pull = count() - push;
          t.diagnostic(`${push} requests to the bucket for a push of three layers, ${pull} for a pull`);
          console.log(
            `${name}: ${push} requests to the bucket for a push of three layers, ${pull} for a pull`,
          );
          // A tag and its manifest; a link and its bytes for each of four blobs.
          assert.ok(pull <= 10, String(pull));
          // One of them looks, once, whether the server compares before it puts.
          assert.ok(push <= 47, String(push));
        } finally {
          await listening.close();
        }
      }));
  });
}

/** The bucket of a server, and how many requests were sent to it. */
function counted(server: S3Server): { count: () => number; bucket: Bucket } {
  let count = 0;
  const transport = fetchTransport();
  const bucket = s3({
    ...server.options,
    region: server.region, // to find it out takes requests of its own
    transport: (request) => {
      count++;
      return transport(request);
    },
  });
  return { count: () => count, bucket };
}

async function withServer(
  start: () => Promise<S3Server>,
  work: (server: S3Server) => Promise<void>,
): Promise<void> {
  const server = await start();
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}
