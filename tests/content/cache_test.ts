import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, streamOf } from "../../src/bytes.ts";
import type { Source } from "../../src/content/contracts.ts";
import { cached, memory } from "../../src/content/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { contentOf, randomBytes } from "../../src/testing/content.ts";
import { counting, origin, read } from "./sources.ts";

describe("cached", () => {
  it("asks the source once", async () => {
    const store = memory();
    const content = await contentOf(randomBytes(50_000));
    await store.write(content);
    const source = counting(store);
    const cache = cached(source, memory());
    for (let i = 0; i < 3; i++) assert.equal((await read(cache, content)).byteLength, 50_000);
    assert.equal(source.opened.length, 1);
  });

  it("keeps nothing of what is not read to the end, or is not what it should be", async () => {
    const store = memory();
    const content = await contentOf(randomBytes(50_000));
    await store.write(content);
    const kept = memory();
    const leaving = await cached(store, kept).open(content);
    const reader = leaving.getReader();
    await reader.read();
    await reader.cancel();
    await assert.rejects(kept.open(content), { code: "not-found" });

    const lying: Source = { ...counting(store), open: () => Promise.resolve(streamOf(randomBytes(50_000))) };
    await assert.rejects(read(cached(lying, kept), content), { code: "digest-mismatch" });
    await assert.rejects(kept.open(content), { code: "not-found" });
  });

  it("goes on when the cache fails", async () => {
    const store = memory();
    const content = await contentOf(randomBytes(5000));
    await store.write(content);
    const full = memory();
    full.write = async (writing) => {
      await (await writing.open()).cancel();
      throw new Error("cache is full");
    };
    assert.equal((await read(cached(store, full), content)).byteLength, 5000);
  });

  it("reads at the reader's pace", async () => {
    let pulled = 0;
    const slow: Source = {
      resolve: () => Promise.reject(new Error("not asked")),
      open: () =>
        Promise.resolve(
          new ReadableStream<Bytes>({
            pull(controller) {
              controller.enqueue(new Uint8Array(1000));
              pulled += 1000;
            },
          }, { highWaterMark: 0 }),
        ),
    };
    const content = { digest: await digestBytes(new Uint8Array(1)), size: 1e9 };
    const reader = (await cached(slow, memory()).open(content)).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(pulled <= 10_000, `${pulled} bytes were read ahead`);
    await reader.cancel();
  });

  it("passes on where bytes may be mounted from", async () => {
    const content = await contentOf(randomBytes(1));
    assert.deepEqual(await collect(cached(counting(memory()), memory()).origins!(content)), [origin]);
  });
});
