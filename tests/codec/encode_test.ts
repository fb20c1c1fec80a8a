import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { codecEngines, decompress, gunzip, gzip, unzstd, zstd } from "../../src/codec/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { sample, source, through } from "../support/streams.ts";

const content = sample(600_000);

/** What gzip gave at levels 1, 6 and 9 for the first 0, 1, 100 and all bytes of the content: sha256, its first digits. */
const golden: string[] = [
  "458c5a203299",
  "aef8ab5b90c8",
  "8cea1af316af",
  "63d0a8daaf0e",
  "ac73670af3ab",
  "209395eba190",
  "a69056f82bce",
  "3e53446cdd50",
  "9ceffb731033",
  "4dcd33dbacf4",
  "3eaab67f22fe",
  "c1b0396578da",
];

for (const { name: engine } of codecEngines().filter(({ work }) => work === "zstd")) {
  describe(`zstd by ${engine}`, () => {
    it("makes one frame, which others and we read", async () => {
      for (const level of [undefined, 1, 9]) {
        const compressed = await through(content, zstd({ engine, level }));
        assert.ok(compressed.byteLength < content.byteLength * 0.8);
        assert.deepEqual(new Uint8Array(zstdDecompressSync(compressed)), content);
        for (const { name: reader } of codecEngines().filter(({ work }) => work === "unzstd")) {
          assert.deepEqual(await through(compressed, unzstd({ engine: reader })), content);
        }
      }
    });

    it("compresses more at a higher level", async () => {
      const [fast, small] = await Promise.all(
        [1, 9].map((level) => through(content.subarray(0, 1e5), zstd({ engine, level }))),
      );
      assert.ok(small!.byteLength < fast!.byteLength);
    });

    it("writes a checksum", async () => {
      const compressed = await through(utf8("hello"), zstd({ engine }));
      compressed[compressed.byteLength - 1]! ^= 1;
      assert.throws(() => zstdDecompressSync(compressed));
      await assert.rejects(through(compressed, decompress()), { code: "invalid-archive" });
    });

    it("takes anything, cut anywhere", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 500 }),
          fc.integer({ min: 1, max: 100 }),
          async (bytes, piece) => {
            const compressed = await through(bytes, zstd({ engine }), piece);
            assert.deepEqual(new Uint8Array(zstdDecompressSync(compressed)), new Uint8Array(bytes));
            assert.deepEqual(await through(compressed, decompress(), piece), new Uint8Array(bytes));
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}

describe("gzip", () => {
  it("is read by others and by us, at each level smaller", async () => {
    let least = content.byteLength * 0.9;
    for (const level of [1, 6, 9]) {
      const compressed = await through(content, gzip({ level }));
      assert.ok(compressed.byteLength < least);
      assert.deepEqual(new Uint8Array(gunzipSync(compressed)), content);
      for (const { name: engine } of codecEngines().filter(({ work }) => work === "gunzip")) {
        assert.deepEqual(await through(compressed, gunzip({ engine })), content);
      }
      least = compressed.byteLength;
    }
  });

  it("gives the same bytes on every runtime", async () => {
    const digests = [];
    for (const level of [1, 6, 9]) {
      for (const length of [0, 1, 100, 600_000]) {
        const compressed = await through(content.subarray(0, length), gzip({ level }), 10_000);
        digests.push((await digestBytes(compressed)).slice(7, 19));
      }
    }
    assert.deepEqual(digests, golden);
  });

  it("gives the same bytes however its input is cut and whoever helps", async () => {
    const block = 512 * 1024;
    for (const length of [0, 1, block - 1, block, block + 1, 2 * block, 5 * block + 77]) {
      const bytes = sample(length, 7);
      const expected = await through(bytes, gzip({ level: 1 }));
      assert.deepEqual(new Uint8Array(gunzipSync(expected)), bytes);
      for (const [workers, piece] of [[1, 1 << 16], [2, 99_991], [8, 1 << 22], ["auto", 1 << 19]] as const) {
        assert.deepEqual(
          await through(bytes, gzip({ level: 1, workers }), piece),
          expected,
          `${length}, ${workers}`,
        );
      }
    }
  });

  it("works in its threads once they are there, and never holds more than they can have in hand", async () => {
    const { stream, seen } = source(sample(24 * 512 * 1024), 512 * 1024);
    const reader = stream.pipeThrough(gzip({ level: 1, workers: 2 })).getReader();
    for (let piece = 0; piece < 12; piece++) {
      assert.equal((await reader.read()).done, false);
      // Six may be on their way, one is being gathered, and the streams around hold some.
      assert.ok(seen.taken / 512 / 1024 <= piece + 6 + 1 + 3, `${seen.taken} after ${piece}`);
    }
    await reader.cancel("enough");
    assert.equal(seen.cancelled, "enough");
  });

  it("takes nothing before it is asked", async () => {
    const { stream, seen } = source(sample(3 << 20));
    const reader = stream.pipeThrough(gzip({ level: 1 })).getReader();
    await reader.read(); // The header.
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(seen.taken <= 2 * 65536);
    await reader.cancel();
  });

  it("passes on what breaks its input, with and without threads", async () => {
    for (const workers of [undefined, 2]) {
      let pieces = 0;
      const broken = new ReadableStream<Bytes>({
        pull(controller) {
          if (pieces++ === 30) controller.error(new Error("cut"));
          else controller.enqueue(sample(1 << 17));
        },
      });
      await assert.rejects(broken.pipeThrough(gzip({ level: 1, workers })).pipeTo(new WritableStream()), {
        message: "cut",
      });
    }
  });

  it("refuses levels and numbers of workers that it does not have", () => {
    assert.throws(() => gzip({ level: 4 }), {
      code: "unsupported",
      message: "gzip: level 4 is not one of 1, 6 and 9",
    });
    assert.throws(() => gzip({ workers: -1 }), {
      code: "unsupported",
      message: "gzip: -1 workers, from 1 to 64 can be had",
    });
  });

  it("takes what else makes gzip only when it is named", async () => {
    for (const level of [undefined, 1, 9]) {
      const compressed = await through(content, gzip({ engine: "node:zlib", level }));
      assert.ok(compressed.byteLength < content.byteLength * 0.8);
      assert.deepEqual(new Uint8Array(gunzipSync(compressed)), content);
    }
  });

  it("takes anything, and what comes out node:zlib reads", async () => {
    const level = fc.constantFrom(1, 6, 9);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), level, async (bytes, level) => {
        const compressed = await through(bytes, gzip({ level }));
        assert.deepEqual(new Uint8Array(gunzipSync(compressed)), new Uint8Array(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it("writes no time into the header", async () => {
    for (const engine of ["wasm", "node:zlib"]) {
      const compressed = await through(content, gzip({ engine }));
      assert.deepEqual([...compressed.subarray(4, 8)], [0, 0, 0, 0]);
    }
  });
});
