import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAll, sameBytes, streamOf } from "../../src/bytes.ts";
import type { Source } from "../../src/content/contracts.ts";
import { memory } from "../../src/content/mod.ts";
import { StoredBlob } from "../../src/image/stored_blob.ts";
import { contentOf, randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const bytes = randomBytes(5000);
const read = async (stream: Promise<ReadableStream<Uint8Array<ArrayBuffer>>>) =>
  await readAll(await stream, { limit: 1e6, what: "test" });

async function blob(more: { data?: string } = {}, stored = true): Promise<StoredBlob> {
  const store = memory();
  const { mediaType, digest, size, ...content } = await contentOf(bytes);
  if (stored) await store.write({ mediaType, digest, size, ...content });
  return new StoredBlob(store, { mediaType, digest, size, ...more });
}

describe("a stored blob", () => {
  it("is verified when it is read whole", async () => {
    assert.ok(sameBytes(await read((await blob()).open()), bytes));
    const lying: Source = {
      resolve: () => Promise.reject(new Error("not asked")),
      open: () => Promise.resolve(streamOf(randomBytes(5000))),
    };
    await rejects(read(new StoredBlob(lying, (await blob()).descriptor).open()), "digest-mismatch");
  });

  it("goes on in the middle as content, unverified", async () => {
    const content = await (await blob()).content();
    assert.ok(sameBytes(await read(content.open({ start: 4000 })), bytes.slice(4000)));
  });

  it("is read in parts, from its descriptor too where that carries the bytes", async () => {
    const part = bytes.slice(100, 200);
    assert.ok(sameBytes(await read((await blob()).range(100, 200, { unverified: true })), part));
    const carried = await blob({ data: btoa(String.fromCharCode(...bytes)) }, false);
    assert.ok(sameBytes(await read(carried.range(100, 200, { unverified: true })), part));
    await rejects((await blob()).range(4999, 5001, { unverified: true }), "size-mismatch");
  });
});
