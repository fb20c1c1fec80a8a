/**
 * What the store costs beside what it is made of, and with many names beside few: each ratio must not be above its bar.
 *
 *     deno run -A bench/store.ts
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { memory } from "../src/content/mod.ts";
import { copy } from "../src/copy/mod.ts";
import { emptyImage, layer, openRoot } from "../src/image/mod.ts";
import { layout } from "../src/layout/mod.ts";
import type { Descriptor } from "../src/spec/descriptor.ts";
import { store, type StoreRepository } from "../src/store/mod.ts";
import { openDatabase } from "../src/store/sqlite/driver.ts";
import { SqliteMetadata } from "../src/store/sqlite/metadata.ts";
import { randomBytes } from "../src/testing/content.ts";
import { machine, median } from "./run.ts";

const directory = await mkdtemp(join(tmpdir(), "gantry-bench-"));

interface Job {
  what: string;
  /** How often it is done in a round, for times a piece. */
  times: number;
  /** How many rounds. Default: 15. */
  rounds?: number;
  bar: number;
  ours: () => Promise<void>;
  other: () => Promise<void> | void;
}

/** Each round times both, one after the other, in turns; the ratio is the median of the rounds'. */
async function race({ what, times, rounds = 15, bar, ours, other }: Job): Promise<string> {
  const ratios: number[] = [], own: number[] = [], others: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const timed: Record<string, number> = {};
    const order = round % 2 === 0 ? ["ours", "other"] as const : ["other", "ours"] as const;
    for (const who of order) {
      const start = performance.now();
      await (who === "ours" ? ours() : other());
      timed[who] = (performance.now() - start) / times * 1000;
    }
    if (round < 0) continue; // warming up
    own.push(timed["ours"]!);
    others.push(timed["other"]!);
    ratios.push(timed["ours"]! / timed["other"]!);
  }
  const ratio = median(ratios);
  if (ratio > bar) process.exitCode = 1;
  const note = bar === Infinity ? "" : ratio > bar ? ` (missed ${bar})` : ` (≤ ${bar})`;
  const shown = [own, others].map((all) => median(all).toFixed(1));
  return `| ${what} | ${ratio.toFixed(2)}${note} | ${shown.join(" | ")} |`;
}

/** A store with one image of so many names, of which the first has labels. */
async function named(
  at: string,
  count: number,
): Promise<{ repository: StoreRepository; target: Descriptor }> {
  const there = store(at);
  const repository = there.repository("docker.io/library/app");
  const image = emptyImage().append(layer(randomBytes(2048), { compression: "none" }));
  const { descriptor: target } = await copy(image, repository, { name: "tag-0" });
  const value = JSON.stringify({
    target,
    labels: { "acme.com/env": "prod", "acme.com/team": "blue" },
    createdAt: Date.now(),
    updatedAt: Date.now(),
  });
  await using metadata = new SqliteMetadata(join(at, "metadata.db"));
  for (let from = 1; from < count; from += 1000) {
    const changes = Array.from({ length: Math.min(1000, count - from) }, (_, i) => ({
      bucket: "default/images",
      key: `docker.io/library/app:tag-${from + i}`,
      value: (from + i) % 10 === 0 ? value : value.replace('"prod"', '"test"'),
    }));
    await metadata.commit(changes);
  }
  return { repository, target };
}

async function* rows(): AsyncGenerator<string> {
  const records = join(directory, "records");
  await named(records, 10_000);
  const there = store(records);
  const database = openDatabase(join(records, "metadata.db"));
  const select = database.prepare("SELECT key, value, version FROM records WHERE bucket = ? AND key = ?");
  const all = database.prepare("SELECT key, value, version FROM records WHERE bucket = ?");
  const name = "docker.io/library/app:tag-5000";
  yield await race({
    what: "images.get, to a bare SELECT of its row",
    times: 5000,
    bar: 3,
    ours: async () => {
      for (let n = 0; n < 5000; n++) await there.images.get(name);
    },
    other: () => {
      for (let n = 0; n < 5000; n++) select.get("default/images", name);
    },
  });
  yield await race({
    what: "images.list with a filter over 10,000, to SELECT of all rows",
    times: 1,
    bar: 3,
    ours: async () => {
      let found = 0;
      for await (const _ of there.images.list('labels."acme.com/env"==prod')) found++;
      if (found !== 999) throw new Error(`${found} found`);
    },
    other: () => void all.all("default/images"),
  });
  yield await race({
    what: "images.list with a regular expression over 10,000, to SELECT of all rows",
    times: 1,
    bar: Infinity,
    ours: async () => {
      let found = 0;
      for await (const _ of there.images.list('labels."acme.com/env"~=^p')) found++;
      if (found !== 999) throw new Error(`${found} found`);
    },
    other: () => void all.all("default/images"),
  });
  database.close();
  await there.close();

  const few = await named(join(directory, "few"), 100);
  const many = await named(join(directory, "many"), 100_000);
  const both = (what: string, times: number, work: (of: typeof few) => Promise<unknown>): Job => ({
    what: `${what} with 100,000 tags, to 100`,
    times,
    bar: 2,
    ours: async () => {
      for (let n = 0; n < times; n++) await work(many);
    },
    other: async () => {
      for (let n = 0; n < times; n++) await work(few);
    },
  });
  let made = 0;
  yield await race(both("tag", 20, ({ repository, target }) => repository.tag(`new-${made++ % 50}`, target)));
  yield await race(both("resolve", 1000, ({ repository }) => repository.resolve("tag-57")));
  yield await race(both("a page of 50 tags", 200, async ({ repository }) => {
    let left = 50;
    for await (const _ of repository.names({ after: "tag-3" })) if (--left === 0) return;
  }));

  const source = memory();
  let image = emptyImage();
  for (let n = 0; n < 8; n++) image = image.append(layer(randomBytes(4_000_000), { compression: "none" }));
  await copy(image, source, { name: "v1" });
  const root = await openRoot(source, "v1");
  let pulled = 0;
  yield await race({
    what: "pull of 8 layers, 32 MB, to a pull into a layout",
    times: 1,
    rounds: 41, // the disk is not equally fast each time
    bar: 1.1,
    ours: async () => {
      await using fresh = store(join(directory, `store-${pulled++}`));
      await copy(root, fresh.repository("app"), { name: "v1" });
    },
    other: async () => void await copy(root, layout(join(directory, `layout-${pulled++}`)), { name: "v1" }),
  });
}

console.log(`### the store: ${machine()}\n`);
console.log(`The median of 15 rounds, of 41 for the last. Times are microseconds.\n`);
console.log("| | ratio | Gantry | the other |\n| --- | --- | --- | --- |");
for await (const row of rows()) console.log(row);
console.log();
await rm(directory, { recursive: true, force: true });
