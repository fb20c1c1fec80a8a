/**
 * What all benches share: contestants run in one process, in rounds, one after the other, each round in another order.
 * Ratios come from the same round and tell the median of them, so that a machine that slows down slows everybody.
 */

import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import process from "node:process";

/** One job that several can do. */
export interface Contest {
  /** What is done: the row's name. */
  job: string;
  /** How many bytes are gone through. */
  bytes: number;
  /** Ours, by which the others are measured. */
  gantry: () => Promise<void>;
  rivals: Record<string, { run: () => Promise<void>; /** The least ratio that we hold. */ bar?: number }>;
}

/** Runs the contests and prints a table of this topic; a bar that is missed makes the process fail. */
export async function race(topic: string, contests: readonly Contest[], rounds = 9): Promise<void> {
  const names = [...new Set(contests.flatMap(({ rivals }) => Object.keys(rivals)))];
  const rows: string[][] = [];
  for (const contest of contests) rows.push(await run(contest, names, rounds));
  console.log(`### ${topic}: ${machine()}\n`);
  console.log(`The median of ${rounds} rounds. Ratios are Gantry's speed to the other's; speeds are MB/s.\n`);
  const head = ["", ...names.map((name) => `÷ ${name}`), "Gantry", ...names];
  for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
  console.log();
}

async function run(
  { job, bytes, gantry, rivals }: Contest,
  names: readonly string[],
  rounds: number,
): Promise<string[]> {
  const contestants = [gantry, ...Object.values(rivals).map((rival) => rival.run)];
  for (const contestant of contestants) await contestant();
  const times: number[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + turn) % contestants.length;
      const start = performance.now();
      await contestants[index]!();
      times[index]!.push(performance.now() - start);
    }
  }
  const speed = (index: number) => (bytes / 1000 / median(times[index]!)).toFixed(0);
  const [ratios, speeds]: [string[], string[]] = [[], []];
  for (const name of names) {
    const index = 1 + Object.keys(rivals).indexOf(name);
    if (index === 0) {
      ratios.push("");
      speeds.push("");
      continue;
    }
    const ratio = median(times[index]!.map((time, round) => time / times[0]![round]!));
    const bar = rivals[name]!.bar ?? 0;
    if (ratio < bar) process.exitCode = 1;
    const note = bar === 0 ? "" : ratio < bar ? ` (missed ${bar})` : ` (≥ ${bar})`;
    ratios.push(`${ratio.toFixed(2)}${note}`);
    speeds.push(speed(index));
  }
  return [job, ...ratios, speed(0), ...speeds];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runtime and processor; whether it hashes SHA in hardware matters to some. */
export function machine(): string {
  const { deno, bun, node } = process.versions;
  const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
  return `${runtime}, ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${shaExtensions()}`;
}

function shaExtensions(): string {
  if (process.platform !== "linux") return "SHA extensions unknown";
  const flags = /^(?:flags|Features)\s*:.*$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[0] ?? "";
  return /\b(?:sha_ni|sha2)\b/.test(flags) ? "SHA extensions" : "no SHA extensions";
}
