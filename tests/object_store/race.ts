/**
 * Writers and garbage collection in stores over one bucket, whose requests arrive in an order that a seed decides.
 *
 *     deno run -A tests/object_store/race.ts [--count 200] [--seed 1]
 */

import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readVerified } from "../../src/content/read.ts";
import { GantryError } from "../../src/errors.ts";
import { openRoot, walk } from "../../src/image/mod.ts";
import { openObjectStore } from "../../src/object_store/open.ts";
import type { Target } from "../../src/store/mod.ts";
import { putImage } from "../layout/support.ts";
import { SimulatedBucket } from "../objects/simulated_bucket.ts";
import { innards } from "./support.ts";

/** What happened. */
export interface Races {
  races: number;
  pushed: number;
  collections: number;
  collected: number;
}

/** So few that pages are made and merged all the time. */
const tailSize = 2000;

async function checkWhole(target: Target, name: string): Promise<void> {
  for await (const { content, part } of walk(await openRoot(target, name))) {
    const address = { digest: content.digest!, size: content.size! };
    await (await readVerified(target, address, { role: part.role })).pipeTo(new WritableStream());
  }
}

/** Each writer has a process of its own, and names of its own for images that all of them have. */
async function race(bucket: SimulatedBucket, races: Races): Promise<void> {
  const open = () => openObjectStore({ bucket, prefix: "race", tailSize });
  let writing = 3;
  const writer = async (n: number) => {
    await using there = open();
    const repository = there.repository(`localhost/writer-${n}`);
    for (let round = 0; round < 4; round++) {
      const note = `image ${bucket.roll(2)}`;
      {
        await using _lease = await repository.lease();
        await putImage(repository, note, { name: "v1" });
      }
      races.pushed++;
      await checkWhole(repository, "v1");
      if (bucket.roll(2) > 0) continue;
      await there.images.delete(`localhost/writer-${n}:v1`);
      const gone = await there.images.get(`localhost/writer-${n}:v1`).catch((error) => error);
      assert.ok(GantryError.is(gone, "not-found"));
    }
    // What it has named last, and nobody has taken away, is there in the end.
    await using _lease = await repository.lease();
    await putImage(repository, `last of ${n}`, { name: "last" });
  };
  const collector = async () => {
    await using there = open();
    while (writing > 0) {
      races.collected += (await there.gc({ grace: 0 })).removed.length;
      races.collections++;
    }
  };
  const ending = (work: Promise<void>) => work.finally(() => writing--);
  await Promise.all([...[0, 1, 2].map((n) => ending(writer(n))), collector()]);
  await using there = open();
  let found = 0;
  for await (const { name } of there.images.list()) {
    if (name.endsWith(":last")) found++;
    const [repository, tag] = name.split(":") as [string, string];
    await checkWhole(there.repository(repository), tag);
  }
  assert.equal(found, 3);
  assert.deepEqual((await there.fsck()).problems, []);
  for await (const { name } of there.images.list()) await there.images.delete(name);
  // A writer's clock may be before ours: on a busy machine the bucket's goes slower here than theirs.
  bucket.time += 3_600_000;
  await there.gc({ grace: 0 });
  await there.gc({ grace: 0 });
  assert.deepEqual(await innards(bucket, "race").blobs(), []);
}

/** Races with so many seeds. Whatever is lost is an error that names its seed. */
export async function raceStores(
  { count, seed, log }: { count: number; seed: number; log?: (line: string) => void },
): Promise<Races> {
  const races: Races = { races: 0, pushed: 0, collections: 0, collected: 0 };
  for (let n = 0; n < count; n++) {
    const bucket = new SimulatedBucket(seed + n);
    try {
      await bucket.run(race(bucket, races), 5);
    } catch (cause) {
      throw new Error(`with the seed ${seed + n}: ${cause}`, { cause });
    }
    races.races++;
    if (races.races % 10 === 0) log?.(JSON.stringify(races));
  }
  return races;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { count: { type: "string" }, seed: { type: "string" } } });
  const [count, seed] = [Number(values.count ?? 200), Number(values.seed ?? 1)];
  console.log(await raceStores({ count, seed, log: console.log }));
}
