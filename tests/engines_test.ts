import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addCodecEngine, codecEngines } from "../src/codec/mod.ts";
import { hashEngines } from "../src/digest/mod.ts";
import { engines, registerDefaultEngines } from "../src/engines.ts";

describe("engines", () => {
  it("tells which engine is taken for what", async () => {
    registerDefaultEngines();
    const { digest, digestMany, gzip, gunzip, zstd, unzstd } = await engines();
    assert.ok(hashEngines().some(({ name }) => name === digestMany));
    assert.deepEqual({ digest, gzip, gunzip, zstd, unzstd }, {
      digest: "node:crypto",
      gzip: "wasm",
      gunzip: "wasm",
      zstd: "node:zlib",
      unzstd: "node:zlib",
    });
  });
});

describe("registerDefaultEngines", () => {
  it("adds the packages after the runtime's own, however often it is called", () => {
    registerDefaultEngines();
    registerDefaultEngines();
    assert.equal(hashEngines().at(-1)!.name, "hash-wasm");
    const unzstd = codecEngines().filter(({ work }) => work === "unzstd").map(({ name }) => name);
    assert.equal(unzstd[0], "node:zlib");
    assert.equal(unzstd.filter((name) => name === "zstd-codec").length, 1);
  });

  it("leaves alone what a caller has put under a name", () => {
    const wasm = codecEngines().find(({ name, work }) => name === "wasm" && work === "gzip")!;
    const own = { ...wasm };
    addCodecEngine(own);
    try {
      registerDefaultEngines();
      assert.ok(codecEngines().includes(own));
    } finally {
      addCodecEngine(wasm);
    }
  });
});
