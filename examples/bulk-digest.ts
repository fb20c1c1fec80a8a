/**
 * Digests a thousand layers at once, and tells how fast it was.
 *
 *     deno run -A examples/bulk-digest.ts [WORKERS]
 *
 * @module
 */

import assert from "node:assert/strict";
import process from "node:process";
import { digestAll, digestBytes } from "@gantry/oci/digest";

const count = 1000, size = 256 * 1024;

/** Each a stream that is made when its turn comes: no more than a few are in memory. */
const layers = Array.from({ length: count }, (_, n) => () => {
  const bytes = content(n);
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
});

const start = performance.now();
const digests = await digestAll(layers, { workers: Number(process.argv[2] ?? 1) });
const seconds = (performance.now() - start) / 1000;

assert.equal(digests[count - 1], await digestBytes(content(count - 1)));
console.log(`${digests.length} layers, the first ${digests[0]}`);
console.log(`${Math.round(count * size / 1e6 / seconds)} MB/s`);

function content(n: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).fill(n % 256);
}
