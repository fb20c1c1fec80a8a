/**
 * Kills a process that unpacks an image, again and again at random moments: what has the final name is whole, and the
 * next call succeeds.
 *
 *     deno run -A tests/crash/unpack_kill.ts [--kills 300] [--seed 1]
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { unpack } from "../../src/rootfs/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { see } from "../rootfs/unpack/support.ts";
import { inDirectory } from "../support/directory.ts";
import { startScript } from "../support/spawn.ts";
import { madeUpLayers } from "./made_up_layers.ts";

/** What happened. */
export interface Report {
  kills: number;
  /** Kills that left a directory marked as incomplete. */
  incomplete: number;
  /** Calls that were done, before they could be killed or after others had been. */
  done: number;
}

/** Kills so many times. */
export async function killUnpacking(
  outer: string,
  { kills, seed }: { kills: number; seed: number },
): Promise<Report> {
  const [target, other] = [join(outer, "root"), join(outer, "other")];
  const report: Report = { kills: 0, incomplete: 0, done: 0 };
  const dice = randomBytes(kills + 1, seed);
  await unpack(madeUpLayers(), other);
  const expected = comparable(other);
  const succeed = async () => {
    await unpack(madeUpLayers(), target);
    report.done++;
    assert.deepEqual(comparable(target), expected);
    assert.ok(!existsSync(`${target}.incomplete`));
    await remove(target);
  };
  // The first one runs to its end, and tells how long that takes.
  let duration: number | undefined;
  while (report.kills < kills) {
    const { child, ended } = startScript(new URL("./unpack_child.ts", import.meta.url), [target]);
    await once(child.stdout!, "data");
    const began = performance.now();
    const timer = new Promise<void>((resolve) => {
      if (duration !== undefined) setTimeout(resolve, 1.1 * duration * dice[report.kills]! / 256);
    });
    const result = await Promise.race([timer, ended]);
    if (result) {
      assert.equal(result.code, 0, result.stderr);
      duration = performance.now() - began;
    } else {
      child.kill("SIGKILL");
      await ended;
      report.kills++;
    }
    if (existsSync(target)) {
      report.done++;
      assert.deepEqual(comparable(target), expected);
      await remove(target);
    } else if (existsSync(`${target}.incomplete`)) report.incomplete++;
    const left = readdirSync(outer).filter((name) =>
      !["other", "other.owners.json", "root.incomplete", "root.owners.json"].includes(name)
    );
    assert.deepEqual(left, []);
    if (report.kills % 10 === 0 || report.kills === kills) await succeed();
  }
  return report;
}

/** What two unpackings of one image have in common. */
function comparable(directory: string): unknown {
  const numbers = new Map<bigint, number>();
  return [...see(directory)].map(([path, { ino, ...seen }]) => {
    if (!numbers.has(ino)) numbers.set(ino, numbers.size);
    return { path, ...seen, ino: numbers.get(ino) };
  });
}

/** Makes way for the next; all directories have been made writable by who looked at them. */
function remove(directory: string): Promise<void> {
  return rm(directory, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
  const [kills, seed] = [Number(values.kills ?? 300), Number(values.seed ?? 1)];
  console.log(await inDirectory((outer) => killUnpacking(outer, { kills, seed })));
}
