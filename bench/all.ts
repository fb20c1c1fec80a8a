/** All races, in Deno and in Bun: `deno task bench [TOPIC…]`. `bench/results.md` keeps what it printed last. */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const asked = process.argv.slice(2);
const topics = asked.length > 0 ? asked : ["tar", "digest", "gzip", "zstd"];
const runtimes = [["deno", "run", "-A"], ["bun"]] as const;

for (const topic of topics) {
  for (const [runtime, ...args] of runtimes) {
    const script = fileURLToPath(new URL(`./${topic}.ts`, import.meta.url));
    const { status } = spawnSync(runtime, [...args, script], { stdio: "inherit" });
    // A bar was missed; the table says which.
    if (status !== 0) process.exitCode = 1;
  }
}
