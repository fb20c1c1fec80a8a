/**
 * The suite with the WASM engines forced: `deno task test:wasm` loads this before every test file, before every example in
 * the documentation, and in every process that tests start.
 *
 * The rows of `node:crypto` and `node:zlib`, which come first in the tables, keep their names and places, so that tests
 * that name one run too; but the core, hash-wasm (sha512, and buffers) and zstd-codec do their work. So sha256 and sha512 of
 * streams and buffers, gunzip and gzip, unzstd and zstd run in WebAssembly, whoever asks and by whatever name.
 *
 * No test is left out. What stays native: what a test makes or checks with `node:crypto` and `node:zlib` by itself; and
 * `subtle` and `DecompressionStream`, which stand behind the others and work only for tests that name them or take
 * WebAssembly away.
 */

import { addCodecEngine, codecEngines, wasmEngines } from "../../src/codec/mod.ts";
import { zstdCodec } from "../../src/codec/zstd_codec.ts";
import { addHashEngine, hashEngines } from "../../src/digest/mod.ts";
import { laneEngine } from "../../src/digest/lane_engine.ts";
import { hashWasm } from "../../src/digest/hash_wasm.ts";

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

// Whoever puts another row in front must think of it here.
const forced = ["node:crypto", "node:zlib", "wasm", "hash-wasm", "zstd-codec"];
const first = [
  hashEngines().find(({ create }) => create),
  hashEngines().find(({ digest }) => digest),
  ...codecs.map(({ work }) => codecEngines().find((row) => row.work === work && !row.onlyByName)),
];
for (const row of first) {
  if (!row || !forced.includes(row.name)) {
    throw new Error(`the first engine is ${row?.name}, which is not WASM`);
  }
}
