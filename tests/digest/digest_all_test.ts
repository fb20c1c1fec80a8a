import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Bytes } from "../../src/bytes.ts";
import { type Digest, digestAll, type DigestInput } from "../../src/digest/mod.ts";
import { sample, source } from "../support/streams.ts";

const sha256 = (bytes: Uint8Array): Digest => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The same bytes in each of the forms that they may have. */
const forms: ((bytes: Bytes, piece: number) => DigestInput)[] = [
  (bytes) => bytes,
  (bytes) => new Blob([bytes]),
  (bytes, piece) => source(bytes, piece).stream,
  (bytes, piece) => () => source(bytes, piece).stream,
  (bytes, piece) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return source(bytes, piece).stream;
  },
];

const ways = [
  {},
  { engine: "wasm" },
  { engine: "node:crypto" },
  { engine: "wasm", workers: 1 },
  { engine: "wasm", workers: 3 },
  { engine: "node:crypto", workers: 2 },
  { workers: "auto" },
] as const;

/** A stream that gives a piece and then nothing for ever. */
function stalled() {
  const seen = { cancelled: undefined as unknown };
  const stream = new ReadableStream<Bytes>({
    start: (controller) => controller.enqueue(sample(1000)),
    cancel: (reason) => void (seen.cancelled = reason),
  });
  return { stream, seen };
}

describe("digestAll", () => {
  for (const way of ways) {
    const name = JSON.stringify(way);
    it(`gives all digests in order: ${name}`, async () => {
      const sizes = [
        0,
        1,
        55,
        56,
        63,
        64,
        65,
        119,
        120,
        70_000,
        262_144,
        262_145,
        600_000,
        3,
        1_000_000,
        9,
        128,
      ];
      const contents = sizes.map((size, i) => sample(size, i + 1));
      for (const piece of [100_003, 65_536]) {
        const inputs = contents.map((bytes, i) => forms[i % forms.length]!(bytes, piece));
        assert.deepEqual(await digestAll(inputs, way), contents.map(sha256));
      }
    });

    it(`is not held up by a stream that stalls: ${name}`, async () => {
      const contents = Array.from({ length: 30 }, (_, i) => sample(100_000, i + 1));
      const { stream, seen } = stalled();
      let opened = 0;
      const others = contents.map((bytes) => () => {
        opened++;
        return source(bytes).stream;
      });
      const abort = new AbortController();
      const last = () => {
        setTimeout(() => abort.abort("enough"), 20);
        return source(sample(10)).stream;
      };
      await assert.rejects(
        digestAll([stream, ...others, last], { ...way, signal: abort.signal }),
        (reason) => reason === "enough",
      );
      assert.equal(opened, contents.length);
      assert.equal(seen.cancelled, "enough");
    });

    it(`throws what an input throws, and cancels the others: ${name}`, async () => {
      const { stream, seen } = stalled();
      const broken = new ReadableStream<Bytes>({ pull: (controller) => controller.error(new Error("cut")) });
      let more = 0;
      function* inputs(): Generator<DigestInput> {
        yield stream;
        yield sample(5_000_000);
        yield broken;
        for (; more < 1000; more++) yield () => stalled().stream;
      }
      await assert.rejects(digestAll(inputs(), way), { message: "cut" });
      assert.ok(more < 20);
      assert.deepEqual(seen.cancelled, new Error("cut"));
      assert.deepEqual(await digestAll([sample(77)], way), [sha256(sample(77))]);
    });
  }

  it("takes anything, cut anywhere", async () => {
    const content = fc.tuple(fc.uint8Array({ maxLength: 700 }), fc.integer({ min: 1, max: 300 }), fc.nat(4));
    await fc.assert(
      fc.asyncProperty(fc.array(content, { maxLength: 12 }), async (contents) => {
        const inputs = contents.map(([bytes, piece, form]) => forms[form]!(new Uint8Array(bytes), piece));
        assert.deepEqual(
          await digestAll(inputs, { engine: "wasm" }),
          contents.map(([bytes]) => sha256(bytes)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("opens few at once", async () => {
    let open = 0, most = 0;
    const inputs = Array.from({ length: 60 }, (_, i) => () => {
      most = Math.max(most, ++open);
      const { stream } = source(sample(5000, i + 1), 500);
      return stream.pipeThrough(
        new TransformStream({
          flush: () => void open--,
        }),
      );
    });
    await digestAll(inputs, { engine: "wasm" });
    assert.ok(most <= 8, `${most} at once`);
  });

  it("leaves its input as it was, and does not begin when it is aborted already", async () => {
    const bytes = sample(500_000);
    await digestAll([bytes, bytes, bytes], { engine: "wasm", workers: 2 });
    assert.deepEqual(bytes, sample(500_000));
    await assert.rejects(
      digestAll([bytes], { signal: AbortSignal.abort("no") }),
      (reason) => reason === "no",
    );
  });

  it("refuses what it does not have", async () => {
    await assert.rejects(digestAll([], { engine: "abacus" }), { code: "no-engine" });
    await assert.rejects(digestAll([], { workers: 1.5 }), {
      code: "unsupported",
      message: "digest: 1.5 workers, from 1 to 64 can be had",
    });
  });
});
