/**
 * Reads archives with something wrong in them, many of them: nothing hangs, nothing is thrown but a `GantryError`, and memory
 * stays where it is.
 *
 *     deno run -A tests/fuzz/archive.ts --count 200000 --seed 1
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { fuzz } from "./archive_cases.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});

let most = 0;
const tally = await fuzz(Number(values.count), Number(values.seed), (n) => {
  if (n % 1000 !== 0) return;
  most = Math.max(most, process.memoryUsage().rss);
  if (n % 20_000 === 0) console.log(`${n} cases, ${Math.round(most / 2 ** 20)} MiB at most`);
});
console.log(`${JSON.stringify(tally)}, ${Math.round(most / 2 ** 20)} MiB at most`);
