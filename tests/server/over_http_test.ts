import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { listen } from "../../src/server/node.ts";
import { digestOf, pushBlob, pushImage, registryInMemory } from "./client.ts";

async function serving(work: (registry: ReturnType<typeof registryInMemory>, url: string) => Promise<void>) {
  const registry = registryInMemory();
  const server = await listen(registry.handler);
  try {
    await work(registry, server.url);
  } finally {
    await server.close();
  }
}

describe("the server over HTTP", () => {
  it("goes on with an upload whose connection broke (E22)", () =>
    serving(async ({ repository }, url) => {
      const content = randomBytes(300_000);
      const started = await fetch(`${url}/v2/app/blobs/uploads/`, { method: "POST" });
      const path = `${url}${started.headers.get("location")}`;
      const target = repository("app");
      const { promise: opened, resolve: open } = Promise.withResolvers<void>();
      const ingest = target.ingest.bind(target);
      target.ingest = async (...args) => {
        const opening = await ingest(...args);
        open();
        return opening;
      };
      const client = httpRequest(path, {
        method: "PATCH",
        headers: { "content-length": content.byteLength },
      });
      client.on("error", () => {});
      client.write(content.subarray(0, 200_000));
      await opened;
      client.destroy();

      const status = await fetch(path);
      assert.equal(status.status, 204);
      const at = Number(status.headers.get("range")!.slice(2)) + 1;
      assert.ok(at <= 200_000);
      const rest = at === 1 ? 0 : at; // none or one byte: the range does not tell
      const patched = await fetch(path, {
        method: "PATCH",
        headers: { "content-range": `${rest}-${content.byteLength - 1}` },
        body: new Uint8Array(content.subarray(rest)),
      });
      assert.equal(patched.status, 202);
      const put = await fetch(`${path}?digest=${digestOf(content)}`, { method: "PUT" });
      assert.equal(put.status, 201);
    }));

  it("gives lengths and types for HEAD as for GET", () =>
    serving(async ({ handler }, url) => {
      const manifest = await pushImage(handler, "app", "v1");
      await pushBlob(handler, "app", "hello");
      for (const path of [`/v2/app/manifests/${digestOf(manifest)}`, `/v2/app/blobs/${digestOf("hello")}`]) {
        const headers = await Promise.all(["GET", "HEAD"].map(async (method) => {
          const response = await fetch(url + path, { method, headers: { "accept-encoding": "identity" } });
          const body = await response.arrayBuffer();
          const length = Number(response.headers.get("content-length"));
          assert.equal(body.byteLength, method === "GET" ? length : 0);
          return ["content-type", "content-length", "docker-content-digest", "etag"].map((name) =>
            response.headers.get(name)
          );
        }));
        assert.deepEqual(headers[0], headers[1]);
        assert.ok(!headers[0]!.includes(null));
      }
    }));
});
