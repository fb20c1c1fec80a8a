/**
 * Kills processes that pull, name, label, delete and collect garbage in one store, again and again at random moments,
 * and looks each time whether what is there can be trusted.
 *
 *     deno run -A tests/crash/store_kill.ts [--kills 1000] [--seed 1]
 */

import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { openRoot, walk } from "../../src/image/mod.ts";
import { algorithmOf, type Digest } from "../../src/spec/digest.ts";
import { type Store, store } from "../../src/store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { collect, inDirectory, start } from "../layout/support.ts";
import { madeUp } from "./made_up.ts";

/** What happened. */
export interface Report {
  kills: number;
  /** Processes that came to their end before they could be killed. */
  ended: number;
  /** Images that were pulled whole by those that were killed. */
  pulled: number;
  /** Images that were found whole after a kill. */
  whole: number;
}

const processes = 3;

/** Kills so many times. */
export async function killStores(
  directory: string,
  { kills, seed, log }: { kills: number; seed: number; log?: (line: string) => void },
): Promise<Report> {
  const report: Report = { kills: 0, ended: 0, pulled: 0, whole: 0 };
  const dice = randomBytes(kills * 4 + 64, seed);
  const trusted = new Map<string, string>();
  const held = await holdSome(directory);
  for (let round = 0; report.kills < kills; round++) {
    const children = Array.from(
      { length: processes },
      (_, n) => start("../crash/store_child.ts", directory, String(seed * 100_000 + round * 10 + n), "60"),
    );
    await Promise.all(children.map(async (child, n) => {
      await child.lines(1);
      const chance = dice[(round * processes + n) % dice.length]!;
      // Some are killed at the very beginning, few live to the end.
      const timer = new Promise<boolean>((resolve) =>
        setTimeout(() => resolve(false), 3 + 900 * (chance / 256) ** 2)
      );
      const done = await Promise.race([timer, child.done().then(() => true)]);
      if (done) report.ended++;
      else {
        await child.kill();
        report.kills++;
      }
      report.pulled += child.output().split("\n").filter((line) => line.startsWith("pulled")).length;
    }));
    await using there = store(directory);
    report.whole += await checkStore(there, trusted, held);
    if (round % 10 === 0) log?.(JSON.stringify(report));
  }
  await finish(directory, held);
  return report;
}

/** Puts two images into the store that nobody deletes: one by its name, one that only a lease keeps. */
async function holdSome(directory: string): Promise<Digest[]> {
  await using there = store(directory);
  const repository = there.repository("held");
  const named = await copy(await openRoot(await madeUp(11), "v1"), repository, { name: "image" });
  const leased = await copy(await openRoot(await madeUp(12), "v1"), repository, { name: "leased" });
  await there.leases.create({ id: "held" });
  await there.leases.addResource("held", { type: "content", id: leased.descriptor.digest });
  await there.images.delete("held:leased");
  return [named.descriptor.digest, leased.descriptor.digest];
}

/** No record is of a missing or wrong blob, and what is named or held is whole. */
async function checkStore(
  there: Store,
  trusted: Map<string, string>,
  held: readonly Digest[],
): Promise<number> {
  const path = (digest: Digest) => join(there.directory, "blobs", ...digest.split(":"));
  for (const { digest, size } of await collect(there.content.walk())) {
    const { mtimeMs, ino, size: found } = await stat(path(digest));
    assert.equal(found, size, digest);
    if (trusted.get(digest) === `${mtimeMs} ${ino}`) continue;
    assert.equal(await digestBytes(await readFile(path(digest)), algorithmOf(digest)), digest);
    trusted.set(digest, `${mtimeMs} ${ino}`);
  }
  const repository = there.repository("held");
  const images = await collect(there.images.list());
  assert.ok(images.some(({ name }) => name === "held:image"));
  for (const { target } of images) await checkWhole(there, target.digest);
  for (const digest of held) await checkWhole(there, digest);
  assert.equal((await collect(repository.names())).length, 1);
  return images.length;
}

/** Everything that a manifest leads to is there, in its size, and has a record. */
async function checkWhole(there: Store, digest: Digest): Promise<void> {
  const repository = there.repository("held");
  const { descriptor } = await repository.resolve(digest);
  for await (const { content } of walk(await openRoot(repository, descriptor))) {
    const { size } = await there.content.info(content.digest!);
    assert.equal(size, content.size);
  }
}

/** Pulls go on from where they were killed, and nothing but what is held stays when all else is deleted. */
async function finish(directory: string, held: readonly Digest[]): Promise<void> {
  await using there = store(directory);
  const repository = there.repository("docker.io/library/app");
  for (const seed of [1, 2, 3]) {
    const { descriptor } = await copy(await openRoot(await madeUp(seed), "v1"), repository, {
      name: "last",
      session: "crash",
    });
    await checkWhole(there, descriptor.digest);
  }
  assert.deepEqual((await there.fsck()).problems, []);
  for (const { name } of await collect(there.images.list())) {
    if (!name.startsWith("held:")) await there.images.delete(name);
  }
  for (const { id } of await collect(there.leases.list())) if (id !== "held") await there.leases.delete(id);
  // A session that was begun a moment ago is spared for two seconds.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await there.gc({ grace: 0 });
  const { problems, blobs } = await there.fsck();
  assert.deepEqual(problems, []);
  assert.equal((await collect(there.content.walk())).length, blobs);
  const kept = new Set<Digest>();
  for (const digest of held) {
    for await (
      const { content } of walk(await openRoot(repository, (await repository.resolve(digest)).descriptor))
    ) {
      kept.add(content.digest!);
    }
  }
  assert.equal(blobs, kept.size);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
  const [kills, seed] = [Number(values.kills ?? 1000), Number(values.seed ?? 1)];
  await inDirectory(async (directory) => {
    console.log(await killStores(join(directory, "store"), { kills, seed, log: console.log }));
  });
}
