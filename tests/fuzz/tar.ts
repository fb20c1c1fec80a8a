/**
 * Reads tars with something wrong in them, many of them: nothing hangs, nothing is thrown but a `GantryError`, nothing
 * goes beyond the limits, and memory stays where it is. A child does the work; the parent watches it.
 *
 *     deno run -A tests/fuzz/tar.ts --count 200000 --seed 1
 *     deno run -A tests/fuzz/tar.ts --seed 1 --case 1234        one of them again
 */

import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Bytes } from "../../src/bytes.ts";
import { check, corpus, generated, generator, handmade, makeCase } from "./tar_cases.ts";

/** How long a case may take; they take a millisecond. */
const budget = 10_000;
/** How much memory the child may come to hold, with the runtime and the tars it changes. */
const mostMemory = 512 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    case: { type: "string" },
    /** For the child: the number of its first case. */
    from: { type: "string" },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];

async function tars(): Promise<Bytes[]> {
  return [...handmade, ...await generated(60, generator(seed)), ...corpus()];
}

/** Tells the outcome of each case, how long it took and, now and then, the memory. */
async function work(from: number): Promise<void> {
  const originals = await tars();
  for (let n = from; n < count; n++) {
    const start = performance.now();
    let outcome: string;
    try {
      outcome = await check(makeCase(n, seed, originals));
    } catch (error) {
      outcome = `failed: ${error instanceof Error ? error.stack ?? error.message : error}`.replaceAll(
        "\n",
        " ",
      );
    }
    const { rss } = n % 250 === 0 ? process.memoryUsage() : { rss: 0 };
    if (rss > mostMemory) outcome = `failed: ${rss} bytes of memory`;
    tell(`${Math.round(performance.now() - start)} ${rss} ${outcome}\n`);
  }
}

/** Writes at once, so that the parent knows where a child hangs. */
function tell(line: string): void {
  for (;;) {
    try {
      return void writeSync(1, line);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // the parent is slow
    }
  }
}

class Tally {
  read = 0;
  refused = 0;
  memory = 0;
  longest = 0;
  readonly failed: string[] = [];

  add(n: number, line: string): void {
    const [, time, memory, outcome] = /^(\d+) (\d+) (.*)$/.exec(line)!;
    this.longest = Math.max(this.longest, Number(time));
    this.memory = Math.max(this.memory, Number(memory));
    if (outcome === "read") this.read++;
    else if (outcome === "refused") this.refused++;
    else this.fail(n, outcome!);
  }

  fail(n: number, reason: string): void {
    this.failed.push(`case ${n} of seed ${seed}: ${reason}`);
    console.error(this.failed.at(-1));
  }
}

/** Runs a child from this case on; tells which one is next when it hangs or dies. */
function watch(from: number, tally: Tally): Promise<number> {
  const program = [...process.versions["deno"] ? ["run", "-A"] : [], fileURLToPath(import.meta.url)];
  const args = [...program, "--count", `${count}`, "--seed", `${seed}`, "--from", `${from}`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let current = from, rest = "", hung = false;
  // The first one may take longer: a runtime starts, and the corpus is read.
  let timer = setTimeout(stop, 6 * budget);
  function stop(): void {
    hung = true;
    child.kill("SIGKILL");
  }
  child.stdout.on("data", (chunk: Uint8Array) => {
    const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) tally.add(current++, line);
    clearTimeout(timer);
    timer = setTimeout(stop, budget);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      if (code === 0 && current >= count) return resolve(count);
      tally.fail(current, hung ? `nothing for ${budget} ms` : `the process died with ${code}`);
      resolve(current + 1);
    });
  });
}

async function run(): Promise<void> {
  const tally = new Tally();
  for (let next = 0; next < count;) next = await watch(next, tally);
  const { read, refused, memory, longest, failed } = tally;
  const most = `${longest} ms and ${Math.round(memory / 1e6)} MB at most`;
  console.log(`${read} read, ${refused} refused, ${most}`);
  console.log(`\n${read + refused} passed, ${failed.length} failed`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

if (values.case !== undefined) console.log(await check(makeCase(Number(values.case), seed, await tars())));
else if (values.from !== undefined) await work(Number(values.from));
else await run();
