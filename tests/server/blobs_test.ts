import { describe, it } from "node:test";
import assert from "node:assert/strict";
import type { Address, OpenOptions } from "../../src/content/mod.ts";
import { Memory } from "../../src/content/mod.ts";
import { digestOf, pushBlob, refused, registryInMemory } from "./client.ts";

const content = Uint8Array.from({ length: 2048 }, (_, i) => i * 7);
const path = `/v2/app/blobs/${digestOf(content)}`;

async function withBlob() {
  const registry = registryInMemory();
  await pushBlob(registry.handler, "app", content);
  return registry;
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

describe("GET and HEAD of a blob", () => {
  it("give all of it", async () => {
    const { send } = await withBlob();
    const response = await send("GET", path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/octet-stream");
    assert.equal(response.headers.get("content-length"), "2048");
    assert.equal(response.headers.get("docker-content-digest"), digestOf(content));
    assert.equal(response.headers.get("accept-ranges"), "bytes");
    assert.equal(response.headers.get("etag"), `"${digestOf(content)}"`);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    const head = await send("HEAD", path);
    assert.equal(head.status, 200);
    assert.deepEqual([...head.headers], [...response.headers]);
    assert.equal(head.body, null);
    assert.deepEqual(await bodyOf(response), content);
  });

  const ranges: [string, string, number, number][] = [
    ["bytes=500-1499", "bytes 500-1499/2048", 500, 1500],
    ["bytes=500-", "bytes 500-2047/2048", 500, 2048],
    ["bytes=-500", "bytes 1548-2047/2048", 1548, 2048],
    ["bytes=2000-5000", "bytes 2000-2047/2048", 2000, 2048],
    ["bytes=0-2047", "bytes 0-2047/2048", 0, 2048],
  ];
  for (const [range, contentRange, start, end] of ranges) {
    it(`give ${range}`, async () => {
      const { send } = await withBlob();
      const response = await send("GET", path, { headers: { range } });
      assert.equal(response.status, 206);
      assert.equal(response.headers.get("content-range"), contentRange);
      assert.equal(response.headers.get("content-length"), String(end - start));
      assert.deepEqual(await bodyOf(response), content.slice(start, end));
    });
  }

  it("send who reads to the storage, if told and if it knows where", async () => {
    const url = "https://storage.test/data?signature=1";
    for (const [redirect, presigned] of [[true, url], [true, undefined], [false, url]] as const) {
      const { send, handler, repository } = registryInMemory({ redirect });
      await pushBlob(handler, "app", content);
      Object.assign(repository("app"), { presigned: () => Promise.resolve(presigned) });
      const sent = redirect && presigned !== undefined;
      for (const headers of [{}, { range: "bytes=5-" }] as Record<string, string>[]) {
        const response = await send("GET", path, { headers });
        assert.equal(response.status, sent ? 307 : headers["range"] ? 206 : 200);
        assert.equal(response.headers.get("location"), sent ? url : null);
        assert.deepEqual(
          await bodyOf(response),
          sent ? new Uint8Array() : content.slice(headers["range"] ? 5 : 0),
        );
      }
      const head = await send("HEAD", path);
      assert.deepEqual([head.status, head.headers.get("content-length")], [200, "2048"]);
      const beyond = await send("GET", path, { headers: { range: "bytes=5000-" } });
      assert.equal(beyond.status, 416);
      const unchanged = { range: "bytes=5-", "if-range": `"${digestOf(content)}"` };
      assert.equal((await send("GET", path, { headers: unchanged })).status, 206);
      assert.equal(
        (await send("GET", path, { headers: { "if-none-match": digestOf(content) } })).status,
        304,
      );
    }
  });

  it("answer 416 beyond the end", async () => {
    const { send } = await withBlob();
    for (const range of ["bytes=500-0", "bytes=5000-10000", "bytes=2048-"]) {
      const response = await send("GET", path, { headers: { range } });
      assert.equal(response.headers.get("content-range"), "bytes */2048");
      await refused(response, 416, "SIZE_INVALID");
    }
  });

  it("give an empty blob", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "");
    const response = await send("GET", `/v2/app/blobs/${digestOf("")}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-length"), "0");
    assert.equal((await bodyOf(response)).byteLength, 0);
  });

  it("answer 304 to those that have it", async () => {
    const { send } = await withBlob();
    const response = await send("GET", path, { headers: { "if-none-match": `"${digestOf(content)}"` } });
    assert.equal(response.status, 304);
    assert.equal(response.body, null);
  });

  it("answer 404 where there is none, also in the next repository", async () => {
    const { send } = await withBlob();
    await refused(await send("GET", `/v2/app/blobs/${digestOf("other")}`), 404, "BLOB_UNKNOWN");
    await refused(await send("GET", `/v2/next/blobs/${digestOf(content)}`), 404, "BLOB_UNKNOWN");
    assert.equal((await send("HEAD", `/v2/next/blobs/${digestOf(content)}`)).status, 404);
  });

  it("break off when the store gives other bytes", async () => {
    class Rotten extends Memory {
      override async open(what: Address, options?: OpenOptions) {
        const bytes = await super.open(what, options);
        return bytes.pipeThrough(
          new TransformStream({
            transform: (chunk, controller) => controller.enqueue(chunk.map((byte: number) => byte ^ 1)),
          }),
        );
      }
    }
    const target = new Rotten();
    const { handler, send } = registryInMemory({ repositories: () => target });
    await pushBlob(handler, "app", content);
    const response = await send("GET", path);
    assert.equal(response.status, 200);
    await assert.rejects(response.arrayBuffer());
  });

  it("break off when the store gives a range of another length", async () => {
    class Short extends Memory {
      override open(what: Address, options: OpenOptions = {}) {
        return super.open(what, { ...options, end: options.end! - 1 });
      }
    }
    const target = new Short();
    const { handler, send } = registryInMemory({ repositories: () => target });
    await pushBlob(handler, "app", content);
    const response = await send("GET", path, { headers: { range: "bytes=0-9" } });
    assert.equal(response.status, 206);
    await assert.rejects(response.arrayBuffer());
  });

  it("leave the store when the client leaves", async () => {
    const left = Promise.withResolvers<void>();
    class Slow extends Memory {
      override open() {
        return Promise.resolve(new ReadableStream({ cancel: () => left.resolve() }));
      }
    }
    const target = new Slow();
    const { handler, send } = registryInMemory({ repositories: () => target });
    await pushBlob(handler, "app", content);
    const response = await send("GET", path);
    await response.body!.cancel();
    await left.promise;
  });
});

describe("DELETE of a blob", () => {
  it("removes it at once", async () => {
    const { send } = await withBlob();
    assert.equal((await send("DELETE", path)).status, 202);
    assert.equal((await send("GET", path)).status, 404);
    await refused(await send("DELETE", path), 404, "BLOB_UNKNOWN");
  });
});
