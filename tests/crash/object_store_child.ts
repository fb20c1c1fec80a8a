/**
 * Pulls, names, labels, leases, deletes and collects garbage in a store in a bucket until it is killed, and says before
 * and after each change of its own repository what it does: for object_store_kill.ts.
 */

import process from "node:process";
import { copy } from "../../src/copy/copy.ts";
import { GantryError } from "../../src/errors.ts";
import { openRoot } from "../../src/image/open.ts";
import { openObjectStore } from "../../src/object_store/open.ts";
import { s3 } from "../../src/objects/mod.ts";
import { directory } from "../../src/objects/directory.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { madeUp } from "./made_up.ts";

const [place = "{}", name = "own", seed = "1", operations = "100"] = process.argv.slice(2);
const { path, prefix, tailSize, ...options } = JSON.parse(place);
const bucket = path === undefined
  ? s3({ ...options, credentials: () => options.credentials })
  : directory(path);
const dice = randomBytes(4 * Number(operations), Number(seed));
const there = openObjectStore({ bucket, prefix, tailSize });
const own = there.repository(`localhost/${name}`), shared = there.repository("localhost/shared");

/** Says that a tag of our own is about to be something, does it, and says so. */
async function doing(tag: string, digest: string, work: () => Promise<unknown>): Promise<void> {
  console.log(`begin ${tag} ${digest}`);
  await work();
  console.log(`done ${tag} ${digest}`);
}

async function push(n: number): Promise<void> {
  const source = await madeUp(1 + n % 4, 1);
  const { descriptor } = await source.resolve("v1");
  const root = await openRoot(source, "v1");
  const tag = `v${n % 3}`;
  await doing(tag, descriptor.digest, () => copy(root, own, { name: tag, session: "crash" }));
}

async function remove(n: number): Promise<void> {
  const tag = `v${n % 3}`;
  await doing(tag, "none", () =>
    own.untag(tag).catch((error) => {
      if (!GantryError.is(error, "not-found")) throw error;
    }));
}

async function shareSome(n: number): Promise<void> {
  const source = await madeUp(1 + n % 4, 1);
  await copy(await openRoot(source, "v1"), shared, { name: `v${n % 5}` });
}

async function label(n: number): Promise<void> {
  const { name, target } = await there.images.get(`localhost/shared:v${n % 5}`);
  await there.images.update({ name, target, labels: { [`n${n % 7}`]: String(n) } }, [`labels.n${n % 7}`]);
}

async function leaseSome(n: number): Promise<void> {
  const { descriptor } = await shared.resolve(`v${n % 5}`);
  const id = `${name}-${n % 3}`;
  await there.leases.create({ id, expires: new Date(Date.now() + 400) });
  await there.leases.addResource(id, { type: "content", id: descriptor.digest });
  await there.leases.delete(`${name}-${(n + 1) % 3}`);
}

const work: readonly (readonly [number, (n: number) => Promise<unknown>])[] = [
  [90, push],
  [115, remove],
  [145, shareSome],
  [165, (n) => there.images.delete(`localhost/shared:v${n % 5}`)],
  [185, async (n) => shared.delete((await shared.resolve(`v${n % 5}`)).descriptor)],
  [205, label],
  [225, leaseSome],
  [256, () => there.gc({ grace: 0 })],
];

console.log("ready");
for (let i = 0; i < Number(operations); i++) {
  const [chance = 0, n = 0] = dice.subarray(4 * i);
  const [, operation] = work.find(([below]) => chance < below)!;
  console.log("next");
  try {
    await operation(n);
  } catch (error) {
    // Others delete what this one is about to name, or go on with the same write.
    if (!GantryError.is(error, "not-found", "conflict")) throw error;
    console.log(`failed ${error.message}`);
  }
}
await there.close();
console.log("end");
