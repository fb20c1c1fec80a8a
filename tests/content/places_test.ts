import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll, sameBytes, streamOf } from "../../src/bytes.ts";
import type { Content, Source } from "../../src/content/contracts.ts";
import { cached, limited, memory, overlay, readDocument, verified } from "../../src/content/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { testTarget } from "../contract/target.ts";
import { pieces, randomBytes } from "../support/content.ts";

testTarget("overlay over memory", () => {
  const target = overlay(memory(), memory());
  return Promise.resolve({ target, again: () => target, close: () => Promise.resolve() });
});

/** Counts what is opened and gives origins, as a registry does. */
function counting(source: Source): Source & { opened: string[] } {
  const opened: string[] = [];
  return {
    opened,
    resolve: (name, options) => source.resolve(name, options),
    open: (what, options) => {
      opened.push(what.digest);
      return source.open(what, options);
    },
    async *origins() {
      yield { registry: "registry.example", repository: "app" };
    },
  };
}

async function blob(bytes: Bytes): Promise<Content & { digest: `sha256:${string}`; size: number }> {
  const digest = await digestBytes(bytes) as `sha256:${string}`;
  const open = () => Promise.resolve(pieces(bytes, 1000));
  return { mediaType: "application/octet-stream", digest, size: bytes.byteLength, replayable: true, open };
}

async function read(source: Source, content: { digest: `sha256:${string}`; size?: number }): Promise<Bytes> {
  return await readAll(await source.open(content), { limit: 1e7, what: "test" });
}

describe("overlay", () => {
  it("reads what is not in it from below and writes only on top", async () => {
    const [upper, lower] = [memory(), memory()];
    const [a, b] = [await blob(randomBytes(100)), await blob(randomBytes(100))];
    await lower.write(a);
    const both = overlay(upper, lower);
    assert.equal((await read(both, a)).byteLength, 100);
    await both.write(b);
    await assert.rejects(read(lower, b), { code: "not-found" });
    assert.equal((await read(upper, b)).byteLength, 100);
  });

  it("passes errors on that are not about what is missing", async () => {
    const broken: Source = {
      resolve: () => Promise.reject(new Error("disk on fire")),
      open: () => Promise.reject(new Error("disk on fire")),
    };
    const bytes = await blob(randomBytes(10));
    await assert.rejects(read(overlay(memory(), broken, memory()), bytes), /disk on fire/);
  });
});

describe("cached", () => {
  it("asks the source once", async () => {
    const store = memory();
    const content = await blob(randomBytes(50_000));
    await store.write(content);
    const source = counting(store);
    const cache = cached(source, memory());
    for (let i = 0; i < 3; i++) assert.equal((await read(cache, content)).byteLength, 50_000);
    assert.equal(source.opened.length, 1);
  });

  it("keeps nothing of what is not read to the end, or is not what it should be", async () => {
    const store = memory();
    const content = await blob(randomBytes(50_000));
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
    const content = await blob(randomBytes(5000));
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
});

describe("limited", () => {
  it("holds a place until a stream ends or is cancelled", async () => {
    const store = memory();
    const content = await blob(randomBytes(3000));
    await store.write(content);
    const source = limited(store, 1);
    const first = await source.open(content);
    let second: ReadableStream<Bytes> | undefined;
    const waiting = source.open(content).then((stream) => second = stream);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(second, undefined);
    await first.cancel();
    await waiting;
    await readAll(second!, { limit: 1e5, what: "second" });
    await readAll(await source.open(content), { limit: 1e5, what: "third" });
  });
});

describe("verified", () => {
  it("errors a stream that is not what its address says", async () => {
    const store = memory();
    const content = await blob(randomBytes(3000));
    await store.write(content);
    const lying: Source = { ...counting(store), open: () => Promise.resolve(streamOf(randomBytes(3000))) };
    await assert.rejects(read(verified(lying), content), { code: "digest-mismatch" });
    await assert.rejects(read(verified(store), { ...content, size: 2999 }), { code: "size-mismatch" });
    assert.equal((await read(verified(store), content)).byteLength, 3000);
  });
});

describe("a write", () => {
  it("reads no further than the content says it goes", async () => {
    let made = 0;
    const endless = new ReadableStream<Bytes>({
      pull(controller) {
        made += 1000;
        controller.enqueue(new Uint8Array(1000));
      },
    }, { highWaterMark: 0 });
    const content = {
      ...await blob(randomBytes(5000)),
      replayable: false,
      open: () => Promise.resolve(endless),
    };
    await assert.rejects(memory().write(content), { code: "size-mismatch" });
    assert.equal(made, 6000);
  });
});

describe("readDocument", () => {
  it("refuses what is over the limit, said or unsaid", async () => {
    const store = memory();
    const content = await blob(randomBytes(3000));
    await store.write(content);
    await assert.rejects(readDocument(store, content, { limit: 2999 }), { code: "too-large" });
    await assert.rejects(readDocument(store, { digest: content.digest }, { limit: 2999 }), {
      code: "too-large",
    });
  });

  it("takes bytes that the descriptor carries, if they are right", async () => {
    const bytes = randomBytes(30);
    const content = await blob(bytes);
    const data = btoa(String.fromCharCode(...bytes));
    assert.ok(sameBytes(await readDocument(memory(), { ...content, data }), bytes));
    for (const wrong of [btoa("something else"), "no base64!"]) {
      await assert.rejects(readDocument(memory(), { ...content, data: wrong }), { code: "not-found" });
    }
  });
});

describe("origins", () => {
  it("come through overlays, caches and limits", async () => {
    const source = counting(memory());
    const content = await blob(randomBytes(1));
    for (
      const wrapped of [
        overlay(memory(), source),
        cached(source, memory()),
        limited(source, 1),
        verified(source),
      ]
    ) {
      const found = [];
      for await (const origin of wrapped.origins!(content)) found.push(origin);
      assert.deepEqual(found, [{ registry: "registry.example", repository: "app" }]);
    }
  });
});
