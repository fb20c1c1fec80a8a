/**
 * Puts a link in the place of each of some names and the real thing back, over and over: for swap.ts. Now and then a
 * directory takes the place instead.
 */

import { mkdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from "node:fs";
import process from "node:process";

const [victim = "", ...names] = process.argv.slice(2);

function tries(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

console.log("swapping");
for (let round = 0;; round++) {
  const name = names[round % names.length]!;
  const away = `${name}-away`;
  if (!tries(() => renameSync(name, away))) continue;
  const linked = tries(() => round % 7 === 0 ? mkdirSync(name) : symlinkSync(victim, name));
  for (let i = 0; i < round % 50; i++);
  if (linked) tries(() => round % 7 === 0 ? rmdirSync(name) : unlinkSync(name));
  tries(() => renameSync(away, name));
}
