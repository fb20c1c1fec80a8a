/**
 * Writers and garbage collection over one bucket, whose requests arrive in an order that a seed decides.
 *
 *     deno run -A tests/objects/gc_race.ts [--count 300] [--seed 1]
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Target } from "../../src/content/contracts.ts";
import { readVerified } from "../../src/content/read.ts";
import { GantryError } from "../../src/errors.ts";
import { openRoot, walk } from "../../src/image/mod.ts";
import { type Objects, objects } from "../../src/objects/mod.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { putImage } from "../layout/support.ts";
import { SimulatedBucket } from "./simulated_bucket.ts";

/** Seconds. */
export const grace = 1000;
/** Seconds. */
export const usualExpiry = 5000;

/** Repositories over a simulated bucket, whose requests are answered while `work` runs. */
export async function simulated(
  seed: number,
  work: (open: () => Objects, bucket: SimulatedBucket) => Promise<void>,
  { mostMilliseconds = 10, stall = 0, compares }: {
    mostMilliseconds?: number;
    stall?: number;
    compares?: boolean;
  } = {},
): Promise<void> {
  const bucket = new SimulatedBucket(seed, { stall, compares });
  // Uploads are given up after a day: nothing is held up for as long.
  const expiry = Math.max(usualExpiry, 10 * stall / 1000);
  const clock = () => bucket.time;
  await bucket.run(
    work(() => objects({ bucket, grace, expiry, clock, partSize: 1000 }), bucket),
    mostMilliseconds,
  );
}

/** Everything that a manifest names is there, with the right bytes. */
export async function checkWhole(target: Target, digest: Digest): Promise<void> {
  for await (const { content, part } of walk(await openRoot(target, digest))) {
    const address = { digest: content.digest!, size: content.size! };
    await (await readVerified(target, address, { role: part.role })).pipeTo(new WritableStream());
  }
}

/** Writers of few images with the same layers, who delete and write them again, while garbage is collected. */
async function race(
  open: () => Objects,
  bucket: SimulatedBucket,
): Promise<{ pushed: number; refused: number; collected: number }> {
  let writing = 4, pushed = 0, refused = 0, collected = 0;
  const writer = async (n: number) => {
    for (let round = 0; round < 8; round++) {
      const repository = `r${bucket.roll(2)}`, image = `image ${bucket.roll(3)} of ${n}`;
      // A target lives for one request, as in a server.
      const pushing = async () => {
        const one = await putImage(open()(repository), image);
        pushed++;
        await checkWhole(open()(repository), one.digest);
        return one;
      };
      const one = await pushing().catch((error) => {
        // Its blobs were removed before the manifest came: the client is told, and pushes again.
        if (!GantryError.is(error, "not-found", "unavailable") || !/written again$/.test(error.message)) {
          throw error;
        }
        refused++;
      });
      if (!one) continue;
      await bucket.sleep(bucket.roll(1500) * 1000);
      await checkWhole(open()(repository), one.digest);
      if (bucket.roll(3) > 0) await open()(repository).delete(one, { role: "manifest" });
    }
    writing--;
  };
  const collector = async () => {
    while (writing > 0) {
      await bucket.sleep(bucket.roll(400) * 1000);
      const limit = bucket.roll(4) === 0 ? 10 : undefined;
      let cursor: string | undefined;
      do {
        const done = await open().gc({ limit, cursor });
        collected += done.blobs;
        cursor = done.cursor;
      } while (cursor !== undefined);
    }
  };
  await Promise.all([0, 1, 2, 3].map(writer).concat(collector()));
  return { pushed, refused, collected };
}

/** Races with so many seeds. Whatever is lost is an error that names its seed. */
export async function raceCollection(
  { count, seed, log }: { count: number; seed: number; log?: (line: string) => void },
): Promise<{ pushed: number; refused: number; collected: number }> {
  const sum = { pushed: 0, refused: 0, collected: 0 };
  for (let n = 0; n < count; n++) {
    try {
      await simulated(seed + n, async (open, bucket) => {
        const { pushed, refused, collected } = await race(open, bucket);
        sum.pushed += pushed;
        sum.refused += refused;
        sum.collected += collected;
      }, {
        mostMilliseconds: 600,
        stall: (seed + n) % 2 === 0 ? 3 * grace * 1000 : 0,
        compares: (seed + n) % 4 < 2,
      });
    } catch (cause) {
      throw new Error(`with the seed ${seed + n}`, { cause });
    }
    if ((n + 1) % 10 === 0) log?.(JSON.stringify({ races: n + 1, ...sum }));
  }
  return sum;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { count: { type: "string" }, seed: { type: "string" } } });
  const [count, seed] = [Number(values.count ?? 300), Number(values.seed ?? 1)];
  console.log(await raceCollection({ count, seed, log: console.log }));
}
