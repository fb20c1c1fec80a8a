/**
 * The peak memory of compressing a stream of 2 GB and of digesting a hundred streams of 100 MB, alone and with two
 * workers, against an idle process of the same runtime with the same modules, or against one that only reads such
 * streams, at the most of three times, where that alone needs more. Linux only.
 *
 *     deno run -A tests/memory/core.ts [RUNTIME…]
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { limit, peak, runtimes } from "./peak.ts";

const child = fileURLToPath(new URL("./core_child.ts", import.meta.url));
let passed = 0, failed = 0;
console.log(
  "MB at the peak; the limit is 60 MB over idle, or what only reading takes, and 60 MB for a second thread\n",
);
console.log("runtime     idle    read    gzip    gzip, 2  digest  digest, 2");
for (const runtime of runtimes()) {
  const idle = await peak(runtime, child, "idle");
  let read = 0;
  // How much it is depends on when garbage is collected.
  for (let run = 0; run < 3; run++) read = Math.max(read, await peak(runtime, child, "read"));
  const used: number[] = [];
  for (const work of ["gzip", "digest"]) {
    for (const workers of [1, 2]) {
      const bytes = await peak(runtime, child, work, String(workers));
      used.push(bytes);
      bytes <= Math.max(idle + limit, read) + (workers - 1) * limit ? passed++ : failed++;
    }
  }
  const megabytes = [idle, read, ...used].map((bytes) => (bytes / 1e6).toFixed(0).padStart(7));
  console.log(runtime.padEnd(8), ...megabytes);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
