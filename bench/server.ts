/**
 * What the built command serves beside distribution's registry over a directory each, on this machine, in turns.
 *
 *     deno task build && deno run -A bench/server.ts [--rounds 5] [--tags 100000] [--repositories 10000]
 *
 * The whole takes many minutes. `--only PATTERN` runs the rows whose names match; `--data DIRECTORY` keeps what was prepared
 * for them, and `--prepare` prepares and does no more.
 */

import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { machine, median } from "./run.ts";
import { fillDistribution, fillGantry, madeUpBytes } from "./server/prefill.ts";
import { peakMemory, type Registry, start } from "./server/registries.ts";
import {
  agent,
  curl,
  manifestOf,
  manifestType,
  push,
  putBlob,
  putManifest,
  send,
  sha256,
  uploadPath,
} from "./server/requests.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    tags: { type: "string", default: "100000" },
    repositories: { type: "string", default: "10000" },
    only: { type: "string", default: "" },
    data: { type: "string" },
    prepare: { type: "boolean", default: false },
    executable: { type: "string", default: "dist/gantry" },
  },
});
const [rounds, tags, repositories] = [flags.rounds, flags.tags, flags.repositories].map(Number) as [
  number,
  number,
  number,
];
const directory = flags.data ?? await mkdtemp(join(tmpdir(), "gantry-bench-"));
await mkdir(directory, { recursive: true });
const megabytes = 1_000_000;

/** What a row measures; more is better but where it is `lower`. */
interface Row {
  unit: string;
  /** What must be there before. */
  needs?: keyof typeof preparations;
  lower?: boolean;
  /** The worst ratio to distribution's figure that is good enough. */
  bar: number;
}
/** Something to do with one registry, and what that tells for each of its rows. */
interface Job {
  rows: Record<string, Row>;
  work: (to: Registry, round: number) => Promise<number[]>;
}

/** Does something so many times, by so many at once, and tells how many a second. */
async function rate(
  times: number,
  clients: number,
  work: (i: number) => Promise<unknown>,
): Promise<number> {
  const begin = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: clients }, async () => {
    for (let i = next++; i < times; i = next++) await work(i);
  }));
  return times / (performance.now() - begin) * 1000;
}

/** The median of the milliseconds that something takes, one time after the other. */
async function each(times: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const begin = performance.now();
    await work(i);
    all.push(performance.now() - begin);
  }
  return median(all);
}

const [config, layer] = [madeUpBytes("config", 200), madeUpBytes("layer", 10_000)];
const manifest = manifestOf(config, layer);

/** A file of random bytes, and its digest. */
async function randomFile(name: string, size: number): Promise<{ path: string; digest: string }> {
  const path = join(directory, name);
  const file = await open(path, "w");
  const hash = createHash("sha256");
  for (let at = 0; at < size; at += 10 * megabytes) {
    const piece = randomBytes(10 * megabytes);
    hash.update(piece);
    await file.write(piece);
  }
  await file.close();
  return { path, digest: `sha256:${hash.digest("hex")}` };
}

async function upload(
  to: Registry,
  repository: string,
  file: { path: string; digest: string },
): Promise<number> {
  const path = await uploadPath(to, repository, file.digest);
  return await curl(
    "-T",
    file.path,
    "-H",
    "content-type: application/octet-stream",
    `http://127.0.0.1:${to.port}${path}`,
  );
}

/** Gives an image many names in both. */
async function fill(sample: string, names: readonly (readonly [string, string])[]): Promise<string[]> {
  for (const to of registries) {
    await putBlob(to, sample, config);
    await putBlob(to, sample, layer);
    await putManifest(to, sample, "v1", manifest);
  }
  const pushed = { manifest: sha256(manifest), blobs: [sha256(config), sha256(layer)] };
  fillDistribution(join(directory, "distribution"), names, pushed);
  await fillGantry(join(directory, "gantry"), names, sample, pushed);
  return [];
}

/** What is put into both registries once, as far as both need it. The answer is kept with the data. */
const preparations = {
  tags: () => fill("many", Array.from({ length: tags }, (_, i) => ["many", `tag-${i}`] as const)),
  catalog: () =>
    fill("library/r0", Array.from({ length: repositories }, (_, i) => [`library/r${i}`, "v1"] as const)),
  large: async () => {
    const file = await randomFile("large", 500 * megabytes);
    for (const to of registries) await upload(to, "large", file);
    return [file.digest];
  },
  layers: async () => {
    const digests: string[] = [];
    for (let i = 0; i < 100; i++) {
      const file = await randomFile("layer", 20 * megabytes);
      for (const to of registries) await upload(to, "layers", file);
      digests.push(file.digest);
    }
    return digests;
  },
};

async function prepared(name: keyof typeof preparations): Promise<string[]> {
  const mark = join(directory, `${name}.json`);
  if (!existsSync(mark)) await writeFile(mark, JSON.stringify(await preparations[name]()));
  return JSON.parse(await readFile(mark, "utf8")) as string[];
}

function pushes(clients: number, own: boolean): Job {
  const where = own ? "own repositories" : "one repository";
  const run = Math.random().toString(36).slice(2);
  return {
    rows: {
      [`${clients} clients, ${where}: pushes`]: { unit: "/s", bar: 1 },
      [`${clients} clients, ${where}: p99 of the manifest PUT`]: { unit: "ms", lower: true, bar: 1.5 },
    },
    work: async (to, round) => {
      const times: number[] = [];
      const speed = await rate(clients * 5, clients, async (i) => {
        const repository = own ? `own/${run}-${round}-${i % clients}` : "one";
        times.push(await push(to, repository, `v${run}-${round}-${i}`));
      });
      return [speed, times.sort((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1]!];
    },
  };
}

function timed(
  name: string,
  times: number,
  needs: Row["needs"],
  bar: number,
  work: (to: Registry, i: number) => Promise<unknown>,
): Job {
  return {
    rows: { [name]: { unit: "ms", lower: true, needs, bar } },
    work: async (to, round) => [await each(times, (i) => work(to, round * times + i))],
  };
}

const accept = { accept: manifestType };
const beside = `beside ${tags} tags`;
const run = Date.now();
const jobs: Job[] = [
  pushes(32, true),
  pushes(32, false),
  pushes(128, true),
  pushes(128, false),
  pushes(256, false),
  {
    rows: { "32 clients: pulls of manifest, config, layer": { unit: "/s", needs: "tags", bar: 1.5 } },
    work: async (to) => [
      await rate(1500, 32, async (i) => {
        await send(to, "GET", `/v2/many/manifests/tag-${i % tags}`, undefined, accept);
        await send(to, "GET", `/v2/many/blobs/${sha256(config)}`);
        await send(to, "GET", `/v2/many/blobs/${sha256(layer)}`);
      }),
    ],
  },
  {
    rows: { "500 MB blob up": { unit: "MB/s", needs: "large", bar: 1 } },
    work: async (
      to,
    ) => [
      500 /
      await upload(to, "large", { path: join(directory, "large"), digest: (await prepared("large"))[0]! }),
    ],
  },
  {
    rows: { "500 MB blob down": { unit: "MB/s", needs: "large", bar: 0.8 } },
    work: async (to) => [
      500 /
      await curl(
        "-o",
        "/dev/null",
        `http://127.0.0.1:${to.port}/v2/large/blobs/${(await prepared("large"))[0]}`,
      ),
    ],
  },
  {
    rows: { "100 × 20 MB down at once": { unit: "MB/s", needs: "layers", bar: 0.8 } },
    work: async (to) => {
      const urls = (await prepared("layers")).flatMap((
        digest,
      ) => ["-o", "/dev/null", `http://127.0.0.1:${to.port}/v2/layers/blobs/${digest}`]);
      return [2000 / await curl("-Z", "--parallel-immediate", "--parallel-max", "100", ...urls)];
    },
  },
  timed(
    `page of 100 tags ${beside}`,
    30,
    "tags",
    1.5,
    (to) => send(to, "GET", "/v2/many/tags/list?n=100&last=tag-5"),
  ),
  timed(
    `manifest by tag ${beside}`,
    100,
    "tags",
    1.5,
    (to, i) => send(to, "GET", `/v2/many/manifests/tag-${i}`, undefined, accept),
  ),
  timed(`blob ${beside}`, 100, "tags", 1.5, (to) => send(to, "GET", `/v2/many/blobs/${sha256(layer)}`)),
  timed(
    `tag put ${beside}`,
    50,
    "tags",
    1.5,
    (to, i) => putManifest(to, "many", `more-${run}-${i}`, manifest),
  ),
  timed(
    `page of 100 of the catalog of ${repositories}`,
    20,
    "catalog",
    2,
    (to) => send(to, "GET", "/v2/_catalog?n=100&last=library/r5"),
  ),
];

const registries: Registry[] = [];
for (const name of ["gantry", "distribution"] as const) {
  registries.push(await start(name, directory, flags.executable));
}
try {
  const wanted = jobs.filter(({ rows }) =>
    Object.keys(rows).some((name) => new RegExp(flags.only).test(name))
  );
  const needs = new Set(wanted.flatMap(({ rows }) => Object.values(rows).flatMap((row) => row.needs ?? [])));
  for (const name of needs) await prepared(name);
  if (!flags.prepare) await race(wanted);
} finally {
  agent.destroy();
  for (const { pid } of registries) process.kill(pid, "SIGTERM");
  if (flags.data === undefined) await rm(directory, { recursive: true, force: true });
}

async function race(wanted: readonly Job[]): Promise<void> {
  console.log(`### Served: ${machine()}\n`);
  console.log(
    `The median of ${rounds} rounds; ratios are of the same round. Times and memory: less is better.\n`,
  );
  console.log("| | ÷ distribution | Gantry | distribution |\n| --- | --- | --- | --- |");
  for (const { rows, work } of wanted) {
    const found: Record<Registry["name"], number[][]> = { gantry: [], distribution: [] };
    for (let round = 0; round < rounds; round++) {
      for (const registry of round % 2 ? registries : registries.toReversed()) {
        found[registry.name].push(await work(registry, round));
      }
    }
    for (const [at, [name, row]] of Object.entries(rows).entries()) {
      show(name, row, found.gantry.map((all) => all[at]!), found.distribution.map((all) => all[at]!));
    }
  }
  const [ours, theirs] = registries.map(peakMemory);
  show("peak memory of the servers", { unit: "MB", lower: true, bar: 2 }, [ours!], [theirs!]);
}

function show(name: string, { unit, lower, bar }: Row, ours: number[], theirs: number[]): void {
  const ratio = median(ours.map((figure, i) => figure / theirs[i]!));
  const isGood = lower ? ratio <= bar : ratio >= bar;
  if (!isGood) process.exitCode = 1;
  const note = isGood ? `${lower ? "≤" : "≥"} ${bar}` : `missed ${bar}`;
  const [left, right] = [ours, theirs].map((all) => `${median(all).toFixed(1)} ${unit}`);
  console.log(`| ${name} | ${ratio.toFixed(2)} (${note}) | ${left} | ${right} |`);
}
