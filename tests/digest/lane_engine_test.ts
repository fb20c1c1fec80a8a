import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Bytes } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { CountedHasher } from "../../src/digest/counted_hasher.ts";
import { createLaneEngine, laneEngine } from "../../src/digest/lane_engine.ts";
import {
  addHashEngine,
  createHasher,
  type Digest,
  digesting,
  hashEngines,
  verifying,
} from "../../src/digest/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { engines } from "../../src/engines.ts";
import { inDirectory } from "../support/directory.ts";
import { sample, source } from "../support/streams.ts";

const sha256 = (bytes: Uint8Array): Digest => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const wasm = { engine: "wasm" };
const tick = () => new Promise((resolve) => setTimeout(resolve));

/** The work, where lanes are said to be so many times as fast as node:crypto; returns how many streams each of them hashed. */
async function withSpeedup(
  speedup: number,
  work: () => Promise<void>,
): Promise<{ native: number; lanes: number }> {
  const created = { native: 0, lanes: 0 };
  const native = hashEngines().find(({ name }) => name === "node:crypto")!;
  const lanes = createLaneEngine({ speedup: () => Promise.resolve(speedup) });
  addHashEngine({ ...native, create: (algorithm) => (created.native++, native.create!(algorithm)) });
  addHashEngine({ ...lanes, create: (algorithm) => (created.lanes++, lanes.create!(algorithm)) });
  try {
    await work();
  } finally {
    addHashEngine(native);
    addHashEngine(laneEngine);
  }
  return created;
}

describe("lanes that streams share", () => {
  it("hash whatever comes in whatever order", async () => {
    const message = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 11 }), fc.scheduler(), async (messages, scheduler) => {
        const digests = Promise.all(messages.map(async (chunks, n) => {
          const hasher = await createHasher("sha256", wasm);
          for (const chunk of chunks) {
            await scheduler.schedule(Promise.resolve(), `message ${n}`);
            await hasher.update(chunk);
          }
          return await hasher.digest();
        }));
        await scheduler.waitFor(digests);
        assert.deepEqual(await digests, messages.map((chunks) => sha256(Buffer.concat(chunks))));
      }),
      { numRuns: 60 },
    );
  });

  it("never wait for a stream that stalls", async () => {
    const stalled = await createHasher("sha256", wasm);
    const contents = [70_000, 1, 500_000].map((size) => sample(size));
    const digests = await Promise.all(contents.map(async (bytes) => {
      const hasher = await createHasher("sha256", wasm);
      void stalled.update(sample(64));
      for (let at = 0; at < bytes.byteLength; at += 10_000) {
        await hasher.update(bytes.subarray(at, at + 10_000));
      }
      return await hasher.digest();
    }));
    assert.deepEqual(digests, contents.map(sha256));
    assert.equal(await stalled.digest(), sha256(Buffer.concat([sample(64), sample(64), sample(64)])));
  });

  it("are given back by streams that end, break or are left", async () => {
    const before = CountedHasher.active;
    const bytes = sample(1000);
    const cut = () => source(bytes, 100).stream;
    const expected = { digest: sha256(bytes), size: 1000 };
    await cut().pipeThrough(verifying(expected, { what: "it", ...wasm })).pipeTo(new WritableStream());
    const short = verifying({ ...expected, size: 500 }, { what: "it", ...wasm });
    await assert.rejects(cut().pipeThrough(short).pipeTo(new WritableStream()), { code: "size-mismatch" });
    const left = cut().pipeThrough(verifying(expected, { what: "it", ...wasm })).getReader();
    await left.read();
    await left.cancel();
    const { stream } = digesting("sha256", wasm);
    const broken = new ReadableStream<Bytes>({ pull: (controller) => controller.error(new Error("cut")) });
    await assert.rejects(broken.pipeThrough(stream).pipeTo(new WritableStream()), { message: "cut" });
    await tick();
    assert.equal(CountedHasher.active, before);
  });

  it("are clean for the next stream when one is given up with bytes in them", async () => {
    for (let i = 0; i < 9; i++) {
      const hasher = await createHasher("sha256", wasm);
      await hasher.update(sample(100, i + 1));
      hasher[Symbol.dispose]!();
    }
    const hashers = await Promise.all(Array.from({ length: 8 }, () => createHasher("sha256", wasm)));
    for (const hasher of hashers) await hasher.update(sample(77));
    for (const hasher of hashers) assert.equal(await hasher.digest(), sha256(sample(77)));
  });

  it("have sha256 alone", async () => {
    await assert.rejects(createHasher("sha512", wasm), {
      code: "no-engine",
      message: `hash a stream with sha512: engine "wasm" has sha256 alone`,
    });
  });
});

describe("the choice of an engine", () => {
  it("is the lanes for several streams at once where they are faster, without anybody asking", async () => {
    const bytes = sample(100_000);
    const created = await withSpeedup(2, async () => {
      assert.equal((await engines()).digest, "node:crypto");
      assert.equal((await engines()).digestMany, "wasm");
      const hashers = [];
      for (let i = 0; i < 6; i++) hashers.push(await createHasher());
      await Promise.all(hashers.map((hasher) => hasher.update(bytes)));
      for (const hasher of hashers) assert.equal(await hasher.digest(), sha256(bytes));
    });
    // The first two cannot know that others follow: two lanes of four are half as fast.
    assert.deepEqual(created, { native: 2, lanes: 4 });
  });

  it("is the runtime's own for several streams where the lanes are slower", async () => {
    const created = await withSpeedup(0.9, async () => {
      assert.equal((await engines()).digestMany, "node:crypto");
      const hashers = await Promise.all(Array.from({ length: 6 }, () => createHasher()));
      for (const hasher of hashers) await hasher.digest();
    });
    assert.deepEqual(created, { native: 6, lanes: 0 });
  });

  it("is the lanes for a copy with several layers in flight", async () => {
    await inDirectory(async (directory) => {
      const [from, to] = [memory(), layout(directory)];
      const layers = Array.from({ length: 6 }, (_, n) => sample(400_000, n + 1));
      const image = layers.reduce(
        (image, bytes) => image.append(layer(() => source(bytes).stream, { compression: "none" })),
        emptyImage(),
      );
      const { descriptor } = await copy(image, from, { name: "v1" });
      const { lanes } = await withSpeedup(10, async () => {
        await copy(await openImage(from, "v1"), to, { name: "v1" });
      });
      assert.equal((await to.resolve("v1")).descriptor.digest, descriptor.digest);
      assert.ok(lanes > 0, `${lanes} streams in lanes`);
    });
  });

  it("is the runtime's own for one stream after the other", async () => {
    const created = await withSpeedup(10, async () => {
      for (let i = 0; i < 5; i++) {
        const hasher = await createHasher();
        await hasher.update(sample(10));
        await hasher.digest();
      }
    });
    assert.deepEqual(created, { native: 5, lanes: 0 });
  });
});
