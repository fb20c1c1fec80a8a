/** Races whole commands, which take turns. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { has } from "./data.ts";
import { machine, median } from "./run.ts";

export const root: string = fileURLToPath(new URL("../", import.meta.url));
/** What `deno task build` makes. */
export const executable: string = join(root, "dist/gantry");
if (!existsSync(executable)) throw new Error("dist/gantry is missing: deno task build");

/** A directory for what is raced with. */
export const scratch: string = mkdtempSync(join(tmpdir(), "gantry-bench-"));

/** What is raced: whole commands by their contestants, in which `OUT` is a new path and `NEW` a new repository. */
export interface Job {
  name: string;
  commands: Record<string, string>;
}

/** Milliseconds of each round, by contestant. */
export type Times = ReadonlyMap<string, readonly number[]>;

let count = 0;

/** Runs a command once, and gives how many milliseconds it took. */
async function time(command: string): Promise<number> {
  const out = join(scratch, `out-${++count}`);
  const line = command.replaceAll("OUT", out).replaceAll("NEW", `new-${count}`);
  const words = line.includes("&&") ? ["sh", "-c", line] : line.split(" ");
  const start = performance.now();
  const child = spawn(words[0]!, words.slice(1), { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr!.on("data", (data) => said += data);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const took = performance.now() - start;
  rmSync(out, { recursive: true, force: true });
  // What was written is flushed now, and not while another is being timed.
  spawnSync("sync", ["-f", scratch]);
  if (code !== 0) throw new Error(`${line} exits with ${code}: ${said}`);
  return took;
}

/** Runs those contestants that are installed, in another order each round; the first round does not count. */
export async function timeCommands({ commands }: Job, rounds: number): Promise<Times> {
  const entries = Object.entries(commands).filter(([, command]) => has(command.split(" ")[0]!));
  const times = new Map(entries.map(([label]) => [label, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [label, command] = entries[(round + 1 + turn) % entries.length]!;
      const took = await time(command);
      if (round >= 0) times.get(label)!.push(took);
    }
  }
  return times;
}

/** Runs jobs and prints their table: `cell` says what stands in a column. Words of the command line choose jobs. */
export async function raceCommands(
  topic: string,
  told: string,
  { jobs, columns, rounds, cell }: {
    jobs: readonly Job[];
    columns: readonly string[];
    rounds: number;
    cell: (column: string, times: Times, job: string) => string;
  },
): Promise<void> {
  const asked = process.argv.slice(2);
  console.log(`### ${topic}: ${machine()}\n`);
  console.log(`${told}\n`);
  for (const row of [["", ...columns], ["", ...columns].map(() => "---")]) {
    console.log(`| ${row.join(" | ")} |`);
  }
  for (const job of jobs) {
    if (asked.length > 0 && !asked.some((word) => job.name.includes(word))) continue;
    const times = await timeCommands(job, rounds);
    console.log(`| ${[job.name, ...columns.map((column) => cell(column, times, job.name))].join(" | ")} |`);
  }
}

/** The median of a contestant, in milliseconds. */
export function medianOf(times: Times, contestant: string): number {
  return median(times.get(contestant) ?? [NaN]);
}
