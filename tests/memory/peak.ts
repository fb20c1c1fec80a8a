/** Children whose peak of memory is measured. Linux only. */

import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

/** How much more than an idle process may take, in bytes. */
export const limit: number = 60 * 1024 * 1024;

const commands: Record<string, string[]> = {
  deno: ["deno", "run", "-A", "--no-check"],
  bun: ["bun"],
  node: ["node", "--disable-warning=ExperimentalWarning"],
};

/** The runtimes named on the command line, or all; each must be there. */
export function runtimes(): string[] {
  const asked = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(commands);
  for (const runtime of asked) {
    if (spawnSync(commands[runtime]?.[0] ?? runtime, ["--version"]).status !== 0) {
      throw new Error(`${runtime} is not installed`);
    }
  }
  return asked;
}

/** The most memory that a program, which ends with {@link tellPeak}, took in this runtime, in bytes. */
export function peak(runtime: string, program: string, ...args: string[]): Promise<number> {
  const [command, ...rest] = commands[runtime]!;
  const child = spawn(command!, [...rest, program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Uint8Array) => output += new TextDecoder().decode(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(
      "close",
      (code) => code === 0 ? resolve(Number(output)) : reject(new Error(`${runtime}: exit ${code}`)),
    );
  });
}

/** Tells the most memory that this process took. */
export function tellPeak(): void {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1];
  console.log(Number(kilobytes) * 1024);
}
