/** Pulls, names, labels, deletes and collects garbage in a store until it is killed: for store_kill.ts. */

import process from "node:process";
import { setTimeout } from "node:timers/promises";
import type { Source } from "../../src/content/contracts.ts";
import { copy } from "../../src/copy/copy.ts";
import { GantryError } from "../../src/errors.ts";
import { openRoot } from "../../src/image/open.ts";
import { store } from "../../src/store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { madeUp } from "./made_up.ts";

const [directory = ".", seed = "1", operations = "100"] = process.argv.slice(2);
const dice = randomBytes(4 * Number(operations), Number(seed));
const there = store(directory);
const repository = there.repository("docker.io/library/app");
const held = "held:image";

/** A source that gives pieces as a network does, so that kills hit the middle of blobs. */
function slow(source: Source): Source {
  return {
    resolve: (name, options) => source.resolve(name, options),
    open: async (what, options) =>
      (await source.open(what, options)).pipeThrough(
        new TransformStream({
          async transform(chunk, controller) {
            for (let at = 0; at < chunk.byteLength; at += 131_072) {
              controller.enqueue(chunk.slice(at, at + 131_072));
              await setTimeout(1);
            }
          },
        }),
      ),
  };
}

async function pull(n: number): Promise<void> {
  const source = slow(await madeUp(1 + n % 3));
  await copy(await openRoot(source, "v1"), repository, { name: `v${n % 4}`, session: "crash" });
  console.log(`pulled v${n % 4}`);
}

/** Takes a lease on what is named, and ends another. */
async function leaseSome(n: number): Promise<void> {
  const { descriptor } = await repository.resolve(`v${n % 4}`);
  const expires = new Date(Date.now() + 200);
  await there.leases.create({ id: `n${n % 5}`, expires });
  await there.leases.addResource(`n${n % 5}`, { type: "content", id: descriptor.digest });
  await there.leases.delete(`n${(n + 1) % 5}`);
}

const work: readonly (readonly [number, (n: number) => Promise<unknown>])[] = [
  [90, pull],
  [120, (n) => there.images.delete(`${repository.name}:v${n % 4}`)],
  [140, async (n) => repository.delete((await repository.resolve(`v${n % 4}`)).descriptor)],
  [160, async (n) => {
    const { descriptor } = await repository.resolve(`v${n % 4}`);
    await repository.tag(`v${n % 5}`, descriptor);
  }],
  [185, async (n) => {
    const { target } = await there.images.get(held);
    await there.images.update({ name: held, target, labels: { [`n${n % 7}`]: String(n) } }, [
      `labels.n${n % 7}`,
    ]);
  }],
  [205, async (n) => {
    for await (const { digest } of there.content.walk()) {
      if (digest.charCodeAt(10) % 8 !== n % 8) continue;
      await there.content.update({ digest, labels: { seen: String(n) } }, ["labels.seen"]);
    }
  }],
  [220, leaseSome],
  [256, () => there.gc({ grace: 0 })],
];

console.log("begin");
for (let i = 0; i < Number(operations); i++) {
  const [chance = 0, n = 0] = dice.subarray(4 * i);
  const [, operation] = work.find(([below]) => chance < below)!;
  try {
    await operation(n);
  } catch (error) {
    // Others delete what this one is about to name, or have it open.
    if (!GantryError.is(error, "not-found", "conflict")) throw error;
  }
}
await there.close();
console.log("end");
