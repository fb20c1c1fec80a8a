/**
 * The suite with the WASM engines forced: `deno task test:wasm` loads this before every test file, before every example in
 * the documentation, and in every process that tests start.
 *
 * The rows of `node:crypto` and `node:zlib` keep their names and places in the tables, so that tests that name one run too,
 * but their work is done by the core, hash-wasm (sha512, and buffers) and zstd-codec. So sha256 and sha512 of streams and
 * buffers, gunzip and gzip, unzstd and zstd run in WebAssembly, by whatever name they are asked for.
 *
 * No test is left out. What stays native: what a test itself makes or checks with `node:crypto` and `node:zlib`; and
 * `subtle` and `DecompressionStream`, which are used only by tests that name them or take WebAssembly away.
 */

import { defaultCodecEngine } from "../../src/codec/engines.ts";
import { addCodecEngine, codecEngines, wasmEngines } from "../../src/codec/mod.ts";
import { zstdCodec } from "../../src/codec/zstd_codec.ts";
import { bufferEngine, streamEngine } from "../../src/digest/engines.ts";
import { hashWasm } from "../../src/digest/hash_wasm.ts";
import { laneEngine } from "../../src/digest/lane_engine.ts";
import { addHashEngine, hashEngines } from "../../src/digest/mod.ts";

const codecs = [...wasmEngines(), ...zstdCodec];
for (const native of codecEngines().filter(({ name }) => name === "node:zlib")) {
  const { work: _, name: __, ...wasm } = codecs.find(({ work }) => work === native.work)!;
  addCodecEngine({ ...native, ...wasm, available: () => native.available() && wasm.available() });
}
for (const native of hashEngines().filter(({ name }) => name === "node:crypto")) {
  addHashEngine({
    ...hashWasm,
    name: native.name,
    create: (algorithm) => (algorithm === "sha256" ? laneEngine : hashWasm).create!(algorithm),
    available: () => native.available() && hashWasm.available(),
  });
}

// An engine that is added before these has to be replaced here too.
const forced = ["node:crypto", "node:zlib", "wasm", "hash-wasm", "zstd-codec"];
const first = [
  streamEngine(),
  bufferEngine(),
  ...codecs.map(({ work }) => defaultCodecEngine(work)),
];
for (const row of first) {
  if (!row || !forced.includes(row.name)) {
    throw new Error(`the first engine is ${row?.name}, which is not WASM`);
  }
}
