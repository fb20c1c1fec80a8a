/**
 * Kills processes that push, name, label, lease, delete and collect garbage in one store in a bucket, again and again at
 * random moments, and looks each time whether what was acknowledged is there, and nothing half.
 *
 *     deno run -A tests/crash/object_store_kill.ts [--server versitygw] [--kills 100] [--seed 1]
 */

import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRoot, walk } from "../../src/image/mod.ts";
import { openObjectStore } from "../../src/object_store/open.ts";
import { type Bucket, s3 } from "../../src/objects/mod.ts";
import type { Digest } from "../../src/spec/digest.ts";
import type { Store } from "../../src/store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { servers } from "../interop/s3_servers.ts";
import { collect, start } from "../layout/support.ts";
import { innards } from "../object_store/support.ts";
import { everything } from "../objects/bucket_suite.ts";

/** What happened. */
export interface Report {
  kills: number;
  /** Processes that came to their end before they could be killed. */
  ended: number;
  /** Changes that were acknowledged to those that were killed. */
  acknowledged: number;
  /** Changes that the kill hit, and of those the ones that were done all the same. */
  interrupted: number;
  completed: number;
  /** Changes that were refused, as others were faster. */
  refused: number;
  /** Images that were found whole after kills. */
  whole: number;
}

/** Where the store is. */
export interface Setting {
  bucket: Bucket;
  /** What a process is told to open it by, in JSON. */
  place: Record<string, unknown>;
  kills: number;
  seed: number;
  log?: (line: string) => void;
}

const processes = 3;
const prefix = "crash";
/** So few that records are put into pages all the time. */
const tailSize = 6000;

/** Kills so many times. */
export async function killObjectStores({ bucket, place, kills, seed, log }: Setting): Promise<Report> {
  const report: Report = {
    kills: 0,
    ended: 0,
    acknowledged: 0,
    interrupted: 0,
    completed: 0,
    refused: 0,
    whole: 0,
  };
  const dice = randomBytes(kills * 4 + 64, seed);
  /** What each tag of each process's own may be. */
  const known = new Map<string, ReadonlySet<string>>();
  const open = (options: { expiry?: number } = {}) =>
    openObjectStore({ bucket, prefix, tailSize, ...options });
  for (let round = 0; report.kills < kills; round++) {
    const children = Array.from({ length: processes }, (_, n) =>
      start(
        "../crash/object_store_child.ts",
        JSON.stringify({ ...place, prefix, tailSize }),
        `own-${n}`,
        String(seed * 100_000 + round * 10 + n),
        "40",
      ));
    await Promise.all(children.map(async (child, n) => {
      const at = 2 * ((round * processes + n) % (dice.length >> 1));
      // After so many lines, however busy the machine is, and then in the middle of something.
      const timer = child.lines(2 + dice[at]! % 40).then(
        () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), dice[at + 1]! / 4)),
        () => true,
      );
      const done = await Promise.race([timer, child.done().then(() => true)]);
      if (done) report.ended++;
      else {
        await child.kill();
        report.kills++;
      }
      note(child.output().split("\n"), `own-${n}`, known, report);
    }));
    await using there = open();
    report.whole += await check(there, known, report);
    if (round % 5 === 0) log?.(JSON.stringify(report));
  }
  await finish(bucket, open);
  return report;
}

/** What a process said of its tags: each is what was acknowledged last or, if it was killed then, what was begun. */
function note(
  lines: readonly string[],
  process: string,
  known: Map<string, ReadonlySet<string>>,
  report: Report,
): void {
  let begun: string[] | undefined;
  for (const line of lines) {
    const [word, tag = "", digest = ""] = line.split(" ");
    const name = `${process}:${tag}`;
    if (word === "begin") begun = [name, digest];
    else if (word === "done") {
      known.set(name, new Set([digest]));
      report.acknowledged++;
      begun = undefined;
    } else if (word === "failed") {
      report.refused++;
      // It may be refused after its last step: what is written down then is as if it had been killed.
      if (begun) known.set(begun[0]!, new Set([...known.get(begun[0]!) ?? ["none"], begun[1]!]));
      begun = undefined;
    }
  }
  if (!begun) return;
  known.set(begun[0]!, new Set([...known.get(begun[0]!) ?? ["none"], begun[1]!]));
  report.interrupted++;
}

async function check(
  there: Store,
  known: Map<string, ReadonlySet<string>>,
  report: Report,
): Promise<number> {
  for (const [name, may] of known) {
    const [process, tag] = name.split(":") as [string, string];
    const found = await there.images.get(`localhost/${process}:${tag}`).then(
      ({ target }) => target.digest as string,
      () => "none",
    );
    assert.ok(may.has(found), `${name} is ${found}, and may be ${[...may]}`);
    if (may.size > 1 && found === [...may].at(-1)) report.completed++;
    known.set(name, new Set([found]));
  }
  let whole = 0;
  for (const { name, target } of await collect(there.images.list())) {
    await checkWhole(there, target.digest, name);
    whole++;
  }
  assert.deepEqual((await there.fsck()).problems, []);
  return whole;
}

/** Everything that an image leads to is there and has a record; `fsck` has looked at the bytes. */
async function checkWhole(there: Store, digest: Digest, name: string): Promise<void> {
  const repository = there.repository("localhost/any");
  const { descriptor } = await repository.resolve(digest);
  for await (const { content } of walk(await openRoot(repository, descriptor))) {
    const { size } = await there.content.info(content.digest!);
    assert.equal(size, content.size, name);
  }
}

/** Once all is deleted and given up, nothing is left but the root. */
async function finish(
  bucket: Bucket,
  open: (options?: { expiry?: number }) => Store,
): Promise<void> {
  // Nobody runs any more, so what killed processes have left need not be spared.
  await using there = open({ expiry: 0 });
  for (const { name } of await collect(there.images.list())) await there.images.delete(name);
  for (const { id } of await collect(there.leases.list())) await there.leases.delete(id);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await there.gc({ grace: 0 });
  await there.gc({ grace: 0 });
  assert.deepEqual(await collect(there.content.walk()), []);
  assert.deepEqual(await innards(bucket, prefix).blobs(), []);
  const left = (await everything(bucket, `${prefix}/`)).map(({ key }) => key);
  const others = left.filter((key) => !/\/records\/(?:root$|pages\/)/.test(key));
  assert.deepEqual(others, []);
  // A few pages of what is no longer there, which go with the next changes.
  assert.ok(left.length < 10, left.join("\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const string = { type: "string" } as const;
  const { values } = parseArgs({ options: { server: string, kills: string, seed: string } });
  const installed = servers.find(({ name }) => name === (values.server ?? "versitygw"))!;
  const server = await installed.start();
  try {
    const [kills, seed] = [Number(values.kills ?? 100), Number(values.seed ?? 1)];
    console.log({ server: installed.name, seed });
    const { credentials, ...options } = server.options;
    const place = { ...options, credentials: credentials() };
    console.log(await killObjectStores({ bucket: s3(server.options), place, kills, seed, log: console.log }));
  } finally {
    await server.stop();
  }
}
