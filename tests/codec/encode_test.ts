import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { utf8 } from "../../src/bytes.ts";
import { addCodecEngine, codecEngines, decompress, gzip, zstd } from "../../src/codec/mod.ts";
import { bare, sample, through } from "./streams.ts";

const content = sample(600_000);

describe("zstd", () => {
  it("makes one frame, which others and we read", async () => {
    for (const level of [undefined, 1, 9]) {
      const compressed = await through(content, zstd({ level }));
      assert.ok(compressed.byteLength < content.byteLength * 0.8);
      assert.deepEqual(new Uint8Array(zstdDecompressSync(compressed)), content);
      assert.deepEqual(await through(compressed, decompress()), content);
    }
  });

  it("compresses more at a higher level", async () => {
    const [fast, small] = await Promise.all(
      [1, 19].map((level) => through(content.subarray(0, 1e5), zstd({ level }))),
    );
    assert.ok(small!.byteLength < fast!.byteLength);
  });

  it("writes a checksum", async () => {
    const compressed = await through(utf8("hello"), zstd());
    compressed[compressed.byteLength - 1]! ^= 1;
    await assert.rejects(through(compressed, decompress()), { code: "invalid-archive" });
  });

  it("takes anything, cut anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.integer({ min: 1, max: 100 }),
        async (bytes, piece) => {
          const compressed = await through(bytes, zstd(), piece);
          assert.deepEqual(await through(compressed, decompress(), piece), new Uint8Array(bytes));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("gzip", () => {
  it("takes no engine whose bytes differ from one runtime to the other, unless it is named", async () => {
    assert.throws(() => gzip(), {
      code: "no-engine",
      message:
        `gzip: no engine whose output is the same on every runtime; where that does not matter, ask for "node:zlib"`,
    });
    for (const level of [undefined, 1, 9]) {
      const compressed = await through(content, gzip({ engine: "node:zlib", level }));
      assert.ok(compressed.byteLength < content.byteLength * 0.8);
      assert.deepEqual(new Uint8Array(gunzipSync(compressed)), content);
      assert.deepEqual(await through(compressed, decompress()), content);
    }
  });

  it("writes no time into the header", async () => {
    const compressed = await through(content, gzip({ engine: "node:zlib" }));
    assert.deepEqual([...compressed.subarray(4, 8)], [0, 0, 0, 0]);
  });
});

describe("the table of engines", () => {
  it("names those that are here when asked for another", () => {
    assert.throws(() => zstd({ engine: "abacus" }), {
      code: "no-engine",
      message: `zstd: engine "abacus" is not here, only "node:zlib"`,
    });
  });

  it("takes a row that is added after those that are there, and one of the same name in its place", async () => {
    let here = true;
    for (const mark of [1, 2]) {
      addCodecEngine({
        name: "marker",
        work: "gzip",
        available: () => here,
        async *run() {
          yield Uint8Array.of(mark);
        },
      });
    }
    try {
      assert.deepEqual(codecEngines().filter(({ work }) => work === "gzip").map(({ name }) => name), [
        "node:zlib",
        "marker",
      ]);
      assert.deepEqual(await through(content, gzip()), Uint8Array.of(2));
    } finally {
      here = false;
    }
  });

  it("has nothing for compression on a runtime with nothing but the web platform", async () => {
    await assert.rejects(bare(async () => void await zstd()), {
      code: "no-engine",
      message: "zstd: this runtime has no engine for it; one can be added with addCodecEngine",
    });
  });
});
