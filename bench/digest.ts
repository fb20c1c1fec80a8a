/** sha256 of several streams at once: `deno run -A bench/digest.ts`, `bun bench/digest.ts`. */

import { createHash } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import { createSHA256 } from "hash-wasm";
import { digestAll, type DigestAllOptions } from "../src/digest/mod.ts";
import { type Contest, race } from "./run.ts";

const size = 8 * 1024 ** 2, count = 8;
const inputs = Array.from(
  { length: count },
  (_, n) => new Uint8Array(size).map((_, i) => (i * (n + 3)) ^ (i >> 8)),
);
const piece = 65536;

const all = (options: DigestAllOptions) => async () => void await digestAll(inputs, options);

/** One input after the other, in pieces. */
function each(create: () => { update(bytes: Uint8Array): unknown; digest(): unknown }): () => Promise<void> {
  return () => {
    for (const input of inputs) {
      const hash = create();
      for (let at = 0; at < size; at += piece) hash.update(input.subarray(at, at + piece));
      hash.digest();
    }
    return Promise.resolve();
  };
}

const hashWasm = await createSHA256();
const rivals: Contest["rivals"] = {
  "hash-wasm": { run: each(() => hashWasm.init()) },
  "@noble/hashes": { run: each(() => sha256.create()) },
  "node:crypto": { run: each(() => createHash("sha256")) },
  "crypto.subtle": {
    run: async () => {
      for (const input of inputs) await crypto.subtle.digest("SHA-256", input);
    },
  },
};
const bytes = size * count;

await race("sha256 of 8 streams", [
  { job: "digestAll", bytes, gantry: all({}), rivals },
  { job: 'digestAll, engine "wasm"', bytes, gantry: all({ engine: "wasm" }), rivals },
], 7);
await race("sha256 of 8 streams, threads", [
  {
    job: "2 workers",
    bytes,
    gantry: all({ workers: 2 }),
    rivals: { "1 worker": { run: all({ workers: 1 }) } },
  },
  {
    job: '2 workers, engine "wasm"',
    bytes,
    gantry: all({ engine: "wasm", workers: 2 }),
    rivals: { "1 worker": { run: all({ engine: "wasm", workers: 1 }) } },
  },
], 7);
