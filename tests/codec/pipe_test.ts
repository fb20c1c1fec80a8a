import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Bytes, concat, streamOf } from "../../src/bytes.ts";
import { codecEngines, decompress, gunzip, gzip, unzstd, zstd } from "../../src/codec/mod.ts";
import { bare, sample, source, through } from "../support/streams.ts";

const content = sample(4_000_000);
const inputs = {
  gunzip: new Uint8Array(gzipSync(content, { level: 1 })),
  unzstd: new Uint8Array(zstdCompressSync(content)),
  gzip: content,
  zstd: content,
};
const works = { gunzip, unzstd, gzip, zstd };

for (const { name: engine, work } of codecEngines()) {
  const input = inputs[work];
  const transform = () => works[work]({ engine });

  describe(`${work} by ${engine}`, () => {
    it("takes nothing before it is asked for something", async () => {
      const { stream, seen } = source(input, 1000);
      const output = stream.pipeThrough(transform());
      await settle();
      assert.ok(seen.taken <= 2000, `${seen.taken} bytes were taken`);
      await output.cancel();
    });

    it("takes a bounded amount for one read", async () => {
      const { stream, seen } = source(input, 1000);
      const reader = stream.pipeThrough(transform()).getReader();
      await reader.read();
      await settle();
      // What compresses may take in a good deal before anything comes out.
      const most = work === "gunzip" || work === "unzstd" ? 300_000 : 2_000_000;
      assert.ok(seen.taken <= most, `${seen.taken} bytes were taken`);
      await reader.cancel();
    });

    it("lets the error of the source pass", async () => {
      const gone = new Error("gone");
      let sent = false;
      const broken = new ReadableStream<Bytes>({
        pull(controller) {
          if (sent) return controller.error(gone);
          sent = true;
          controller.enqueue(input.slice(0, 5000));
        },
      });
      await assert.rejects(
        broken.pipeThrough(transform()).pipeTo(new WritableStream()),
        (error) => error === gone,
      );
    });

    it("cancels the source when the reader has enough", async () => {
      const enough = new Error("enough");
      const { stream, seen } = source(input, 10_000);
      const reader = stream.pipeThrough(transform()).getReader();
      await reader.read();
      await reader.cancel(enough);
      await settle();
      assert.equal(seen.cancelled, enough);
    });

    it("cancels a source that hangs", async () => {
      let cancelled: unknown;
      const hanging = new ReadableStream<Bytes>({
        pull: () => new Promise(() => {}),
        cancel(reason) {
          cancelled = reason;
        },
      });
      const enough = new Error("enough");
      const reader = hanging.pipeThrough(transform()).getReader();
      const read = reader.read();
      await reader.cancel(enough);
      assert.equal((await read).done, true);
      await settle();
      assert.equal(cancelled, enough);
    });

    it("breaks off a pipe that is aborted", async () => {
      const abort = new AbortController();
      const { stream, seen } = source(input, 10_000);
      const piped = stream.pipeThrough(transform(), { signal: abort.signal }).pipeTo(
        new WritableStream({ write: () => abort.abort(new Error("stop")) }),
      );
      await assert.rejects(piped, /stop/);
      await settle();
      assert.match(String(seen.cancelled), /stop/);
    });
  });
}

for (const work of ["gunzip", "unzstd"] as const) {
  describe(work, () => {
    it("cancels the source of broken data", async () => {
      const { stream, seen } = source(concat([inputs[work], new Uint8Array(1e6).fill(1)]), 10_000);
      const output = stream.pipeThrough(works[work]());
      await assert.rejects(output.pipeTo(new WritableStream()), { code: "invalid-archive" });
      await settle();
      assert.equal((seen.cancelled as { code: string }).code, "invalid-archive");
    });
  });
}

describe("a bomb", () => {
  it("stays in its box: what nobody reads is not made", async () => {
    const zeros = new Uint8Array(64 * 1024 ** 2);
    for (const bomb of [gzipSync(zeros), zstdCompressSync(zeros)]) {
      // All of it is there in one chunk; were it made at once, the first read would find the limit exceeded.
      const limits = { output: 4 * 1024 ** 2 };
      const reader = streamOf(new Uint8Array(bomb)).pipeThrough(decompress({ limits })).getReader();
      assert.ok((await reader.read()).value!.byteLength <= 1024 ** 2);
      assert.ok((await reader.read()).value!.byteLength <= 1024 ** 2);
      await settle();
      assert.ok((await reader.read()).value!.byteLength <= 1024 ** 2);
      await reader.cancel();
    }
  });
});

describe("a runtime with nothing but the web platform", () => {
  // Node's DecompressionStream does not tell how far it is, and Node always has its zlib.
  const able = codecEngines().some(({ name, work }) => name === "DecompressionStream" && work === "gunzip");

  it(able ? "decompresses gzip" : "has no engine in Node", async () => {
    const work = () => through(concat([inputs.gunzip, inputs.gunzip]), decompress());
    if (able) assert.deepEqual(await bare(work), concat([content, content]));
    else await assert.rejects(bare(work), { code: "no-engine" });
  });
});

/** Gives streams time to do what nobody asked them for. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
