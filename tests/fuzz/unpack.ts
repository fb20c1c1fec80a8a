/**
 * Unpacks random stacks of layers, and holds them against a file system as plain as can be.
 *
 *     deno run -A tests/fuzz/unpack.ts --count 50000 --seed 1
 *
 * @module
 */

import { parseArgs } from "node:util";
import { check } from "../rootfs/unpack/stacks.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "50000" }, seed: { type: "string", default: "1" } },
});
console.log(JSON.stringify(await check(Number(values.count), Number(values.seed))));
