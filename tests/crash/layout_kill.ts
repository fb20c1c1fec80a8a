/**
 * Kills a process that copies images into a layout, again and again at random moments, and looks each time whether
 * what is there can be trusted; in the end the copy must succeed.
 *
 *     deno run -A tests/crash/layout_kill.ts [--kills 300] [--seed 1]
 */

import assert from "node:assert/strict";
import { readdir, readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readVerified } from "../../src/content/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { Index, openRoot, walk } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { algorithmOf, type Digest } from "../../src/spec/digest.ts";
import { collect, filesIn, inDirectory, start } from "../layout/support.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { madeUp } from "./made_up.ts";

/** What happened. */
export interface Report {
  kills: number;
  /** Copies that were done before they could be killed, and the last. */
  copies: number;
  /** BlobDirectory that went on where a killed process had stopped. */
  resumed: number;
}

/** Kills so many times; now and then garbage is collected meanwhile, without grace. */
export async function killCopies(
  directory: string,
  { kills, seed, log }: { kills: number; seed: number; log?: (line: string) => void },
): Promise<Report> {
  const report: Report = { kills: 0, copies: 0, resumed: 0 };
  const dice = randomBytes(2 * kills, seed);
  const trusted = new Map<string, string>();
  let duration = 400;
  for (let round = 1; report.kills < kills; round++) {
    for (let done = false; !done && report.kills < kills;) {
      const child = start("../crash/layout_child.ts", directory, String(seed + round), `v${round}`);
      await child.lines(1);
      const began = performance.now();
      const [moment, chance] = dice.subarray(2 * report.kills);
      // Some are killed at the very beginning, few live to the end; some while garbage is collected.
      const timer = new Promise<void>((resolve) =>
        setTimeout(resolve, 1.2 * duration * (moment! / 256) ** 2)
      );
      const collecting = chance! < 32 ? layout(directory).gc({ grace: 0 }).catch(notYet) : undefined;
      done = await Promise.race([timer.then(() => false), child.done().then(() => true, () => false)]);
      if (done) {
        duration = performance.now() - began;
        report.copies++;
      } else {
        await child.kill();
        report.kills++;
      }
      report.resumed += resumedBy(child.output());
      await collecting;
      await checkLayout(directory, trusted);
      if (report.kills % 25 === 0) log?.(JSON.stringify(report));
    }
    const last = start("../crash/layout_child.ts", directory, String(seed + round), `v${round}`);
    report.resumed += resumedBy(await last.done());
    report.copies++;
    await checkLayout(directory, trusted);
    await checkImage(directory, seed + round, `v${round}`);
    await tidy(directory, `v${round}`);
  }
  return report;
}

function resumedBy(output: string): number {
  return output.split("\n").filter((line) => line === "resumed").length;
}

/** A layout that was killed before its first file is none yet. */
function notYet(error: Error): void {
  if (!/no index\.json/.test(error.message)) throw error;
}

/** No blob has wrong bytes, and what has a name is whole. */
export async function checkLayout(directory: string, trusted: Map<string, string>): Promise<void> {
  const there = layout(directory);
  const index = await readFile(join(directory, "index.json"), "utf8").catch(() => undefined);
  if (index === undefined) {
    // On a busy machine a child may be killed before it has made the directory.
    const there = await stat(directory).then(() => filesIn(directory), () => []);
    return assert.deepEqual(there.filter(isBlob), []);
  }
  JSON.parse(index);
  for (const name of (await filesIn(directory)).filter(isBlob)) {
    const path = join(directory, name);
    const { mtimeMs, ino } = await stat(path);
    const state = `${mtimeMs} ${ino}`;
    if (trusted.get(name) === state) continue;
    const digest = name.slice("blobs/".length).replace("/", ":") as Digest;
    assert.equal(await digestBytes(await readFile(path), algorithmOf(digest)), digest);
    trusted.set(name, state);
  }
  for await (const { digest } of there.roots()) await checkWhole(directory, digest);
}

function isBlob(name: string): boolean {
  return name.startsWith("blobs/");
}

/** Everything that a manifest leads to is there, in its size. */
async function checkWhole(directory: string, digest: Digest): Promise<void> {
  const there = layout(directory);
  const { descriptor } = await there.resolve(digest);
  for await (const { content } of walk(await openRoot(there, descriptor))) {
    const { size } = await stat(join(directory, "blobs", ...content.digest!.split(":")));
    assert.equal(size, content.size);
  }
}

/** It is what was copied, to the last byte, and nothing was left behind. */
async function checkImage(directory: string, seed: number, name: string): Promise<void> {
  const there = layout(directory);
  const { descriptor } = await (await madeUp(seed)).resolve("v1");
  const root = await openRoot(there, name);
  assert.ok(root instanceof Index);
  assert.equal(await root.digest(), descriptor.digest);
  for await (const { content, part } of walk(root)) {
    const address = { digest: content.digest!, size: content.size! };
    await (await readVerified(there, address, { role: part.role })).pipeTo(new WritableStream());
  }
  assert.deepEqual(await collect(there.names()), [name]);
}

/** Nothing is left of it all once it is deleted. */
async function tidy(directory: string, name: string): Promise<void> {
  const there = layout(directory);
  const { descriptor } = await there.resolve(name);
  await there.delete(descriptor, { role: "manifest" });
  for await (const { digest } of there.roots()) await there.delete({ digest }, { role: "manifest" });
  // A session whose process was killed between its directory and its lock looks as if it were just being begun.
  const sessions = join(directory, ".gantry", "ingest");
  for (const session of await readdir(sessions).catch(() => [])) await utimes(join(sessions, session), 1, 1);
  // What the last process to be killed was about to use is spared for two seconds.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await there.gc({ grace: 0 });
  const left = await filesIn(directory);
  assert.deepEqual(left, ["index.json", "oci-layout"]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
  const [kills, seed] = [Number(values.kills ?? 300), Number(values.seed ?? 1)];
  await inDirectory(async (directory) => {
    console.log(await killCopies(join(directory, "layout"), { kills, seed, log: console.log }));
  });
}
