/**
 * Makes one executable of the command, with its runtime, versions and commit inside: `deno task build`. Further arguments go
 * to Bun, such as `--target=bun-linux-arm64`.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const outfile = `${root}dist/gantry`;
/** The version of Bun that CI tests with. */
const bun = "bun@1.4.5";

/** The commit that is checked out; empty outside a clone. */
function commit(): string {
  const git = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" });
  return git.status === 0 ? git.stdout.trim() : "";
}

const args = [
  "build",
  `${root}src/cli/main.ts`,
  "--compile",
  "--minify",
  "--bytecode",
  "--splitting",
  "--format=esm",
  `--define=GANTRY_COMMIT=${JSON.stringify(commit())}`,
  `--outfile=${outfile}`,
  ...process.argv.slice(2),
];
mkdirSync(`${root}dist`, { recursive: true });
const installed = spawnSync("bun", ["--version"]).status === 0;
const [program, ...before] = installed ? ["bun"] : ["npx", "--yes", bun];
const { status } = spawnSync(program!, [...before, ...args], {
  cwd: root,
  stdio: ["ignore", "ignore", "inherit"],
});
if (status !== 0) process.exit(status ?? 1);
console.log(`${outfile}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB`);
