import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addCodecEngine, codecEngines, zstd } from "../../src/codec/mod.ts";
import { bare, sample, through } from "../support/streams.ts";

describe("the table of engines", () => {
  it("names those that are here when asked for another", () => {
    assert.throws(() => zstd({ engine: "abacus" }), {
      code: "no-engine",
      message: `zstd: engine "abacus" is not here, only "node:zlib" or "zstd-codec"`,
    });
  });

  it("takes a row that is added after those that are there, and one of the same name in its place", async () => {
    let here = true;
    for (const mark of [1, 2]) {
      addCodecEngine({
        name: "marker",
        work: "zstd",
        available: () => here,
        async *run() {
          yield Uint8Array.of(mark);
        },
      });
    }
    try {
      assert.deepEqual(codecEngines().filter(({ work }) => work === "zstd").map(({ name }) => name), [
        "node:zlib",
        "zstd-codec",
        "marker",
      ]);
      assert.deepEqual(await through(sample(1000), zstd({ engine: "marker" })), Uint8Array.of(2));
    } finally {
      here = false;
    }
  });

  it("has nothing for compression on a runtime with nothing but the web platform", async () => {
    await assert.rejects(bare(async () => void await zstd()), {
      code: "no-engine",
      message: `zstd: no engine for it is loaded; add those of "@gantry/oci/zstd-codec" with addCodecEngine`,
    });
  });
});
