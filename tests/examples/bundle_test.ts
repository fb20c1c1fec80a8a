import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, stop } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the README promises, in bytes of gzip. */
const most = 17_000;

/** An entry as one file for the edge, and the files that went into it. */
async function bundle(entry: string): Promise<{ code: string; inputs: string[] }> {
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: root,
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    assert.equal(outputFiles.length, 1, "one file, nothing loaded later");
    return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
  } finally {
    await stop();
  }
}

describe("bundled for the edge", () => {
  for (const entry of ["examples/edge-manifest.ts", "src/edge.ts"]) {
    it(`${entry} holds no node: module, no WebAssembly and no package`, async () => {
      const { code, inputs } = await bundle(entry);
      assert.doesNotMatch(code, /(?:from|import|require\()\s*\(?["']node:/);
      assert.doesNotMatch(code, /WebAssembly|import\(/);
      assert.deepEqual(inputs.filter((path) => path.includes("node_modules")), []);
    });
  }

  it(`the edge function has at most ${most} bytes of gzip`, async () => {
    const { code } = await bundle("examples/edge-manifest.ts");
    const size = gzipSync(code, { level: 9 }).byteLength;
    assert.ok(size <= most, `${size} bytes`);
  });
});
