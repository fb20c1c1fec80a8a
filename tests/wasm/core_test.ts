import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coreBytes, instantiate, loadCore } from "../../wasm/core.ts";
import { plain, simd } from "../../wasm/core_bytes.ts";

describe("loadCore", () => {
  it("compiles once", async () => {
    assert.equal(await loadCore(), await loadCore());
  });

  it("takes a module that is there already", async () => {
    const module = new WebAssembly.Module(await coreBytes());
    const core = await loadCore(module);
    assert.equal(core.module, module);
    assert.equal(core.simd, true);
  });

  it("knows a module without SIMD", async () => {
    assert.equal((await loadCore(new WebAssembly.Module(Buffer.from(plain, "base64")))).simd, false);
  });
});

describe("instantiate", () => {
  it("gives an instance the memory that its job needs", async () => {
    const core = await loadCore();
    for (const job of ["CRC_JOB_END", "DEFLATE_END", "INFLATE_END", "SHA_END"] as const) {
      const { exports, memory } = instantiate(core, job);
      assert.ok(memory.byteLength >= Number(exports[job].value));
      assert.ok(memory.byteLength - Number(exports[job].value) < 65536);
    }
  });
});

describe("core_bytes", () => {
  it("are at most 40 kB together, and import nothing", () => {
    const modules = [simd, plain].map((text) => Buffer.from(text, "base64"));
    assert.ok(modules[0]!.length + modules[1]!.length <= 40_000);
    for (const bytes of modules) {
      assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(bytes)), []);
    }
  });
});
