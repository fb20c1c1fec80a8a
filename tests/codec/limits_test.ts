import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { codecEngines, type DecodeLimits, decompress, gunzip, unzstd } from "../../src/codec/mod.ts";
import { outcome, sample, through } from "../support/streams.ts";

const mebibyte = 1024 ** 2;
const zeros = new Uint8Array(10 * mebibyte);
const bombs = { gunzip: gzipSync(zeros), unzstd: zstdCompressSync(zeros) };

for (const { name: engine, work } of codecEngines()) {
  if (work !== "gunzip" && work !== "unzstd") continue;
  const run = (input: Uint8Array, limits?: DecodeLimits) =>
    outcome(through(input, { gunzip, unzstd }[work]({ engine, limits })).then((output) => output.byteLength));

  describe(`${work} by ${engine}`, () => {
    it("stops past the limit of output", async () => {
      assert.equal(await run(bombs[work], { output: zeros.byteLength - 1 }), "too-large");
      assert.equal(await run(bombs[work], { output: zeros.byteLength }), zeros.byteLength);
    });

    it("stops past the ratio, for which an input counts as 2 MiB at least", async () => {
      assert.equal(await run(bombs[work], { ratio: 4 }), "too-large");
      assert.equal(await run(bombs[work], { ratio: 5 }), zeros.byteLength);
    });

    it("lets zeros pass that compress a thousandfold, unless told", async () => {
      assert.equal(await run(bombs[work]), zeros.byteLength);
    });

    it("stops a bomb", async () => {
      // 600 MiB from many members, each of which is harmless.
      const bomb = Buffer.concat(Array(60).fill(bombs[work]));
      assert.equal(await run(bomb), "too-large");
    });
  });
}

describe("decompress", () => {
  it("limits plain bytes too", async () => {
    const limits = { output: 999 };
    const work = through(sample(1000), decompress({ limits, what: "layer 3" }));
    await assert.rejects(work, { code: "too-large", message: "read layer 3: more than 999 bytes" });
    assert.deepEqual(await through(sample(999), decompress({ limits })), sample(999));
    assert.deepEqual(await through(sample(999), decompress({ limits: { ratio: 0.1 } })), sample(999));
  });

  it("names what is too large", async () => {
    for (const [input, work] of [[bombs.gunzip, "gunzip"], [bombs.unzstd, "unzstd"]] as const) {
      const options = { what: "layer 3", limits: { ratio: 2 } };
      await assert.rejects(through(input, decompress(options)), {
        code: "too-large",
        message: `${work} layer 3: more than 2 times its compressed size`,
      });
    }
  });
});
