/** sha256 of several streams at once: `deno run -A bench/digest.ts`, `bun bench/digest.ts`. */

import { createHash } from "node:crypto";
import process from "node:process";
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

const deno = "deno" in process.versions;
const native = each(() => createHash("sha256"));
const hashWasm = await createSHA256();
const rivals: Contest["rivals"] = {
  "hash-wasm": { run: each(() => hashWasm.init()), bar: deno ? 2.8 : 0 },
  "@noble/hashes": { run: each(() => sha256.create()) },
  "node:crypto": { run: native, bar: deno ? 0.97 : 1 },
  "crypto.subtle": {
    run: async () => {
      for (const input of inputs) await crypto.subtle.digest("SHA-256", input);
    },
  },
};
const bytes = size * count;

await race("sha256 of 8 streams", [
  { job: "digestAll", bytes, gantry: all({}), rivals },
  {
    job: 'digestAll, engine "wasm"',
    bytes,
    gantry: all({ engine: "wasm" }),
    rivals: { ...rivals, "node:crypto": { run: native } },
  },
], 7);
const halves = inputs.flatMap((input) => [input.subarray(0, size / 2), input.subarray(size / 2)]);
const many = Array.from({ length: 4 }, () => halves).flat();
const shorter = (options: DigestAllOptions) => async () => void await digestAll(many, options);
const twice = (name: string, options: DigestAllOptions): Contest => ({
  job: name,
  bytes: 4 * bytes,
  gantry: shorter({ ...options, workers: 2 }),
  rivals: { "1 worker": { run: shorter({ ...options, workers: 1 }), bar: 1.8 } },
});
await race("sha256 of 64 streams of 4 MiB, threads", [
  twice("2 workers", {}),
  twice('2 workers, engine "wasm"', { engine: "wasm" }),
], 7);
