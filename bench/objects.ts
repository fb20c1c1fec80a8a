/**
 * What the built command serves from a bucket beside distribution's registry over the same S3 server, in turns.
 *
 *     deno task build && deno run -A bench/objects.ts [--server minio] [--rounds 5] [--only PATTERN]
 *
 * `--data DIRECTORY` keeps what was prepared, and `--prepare` prepares and does no more. `--requests` counts what each of
 * them asks of the S3 server instead.
 */

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { servers } from "../tests/interop/s3_servers.ts";
import { countRequests } from "./objects/count.ts";
import { startOver } from "./objects/registries.ts";
import { prepareTags } from "./objects/tags.ts";
import { machine, median } from "./run.ts";
import type { Registry } from "./server/registries.ts";
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
    server: { type: "string", default: "versitygw" },
    rounds: { type: "string", default: "5" },
    tags: { type: "string", default: "100000" },
    megabytes: { type: "string", default: "500" },
    only: { type: "string", default: "" },
    data: { type: "string" },
    prepare: { type: "boolean", default: false },
    requests: { type: "boolean", default: false },
    executable: { type: "string", default: "dist/gantry" },
  },
});
const [rounds, tags, megabytes] = [flags.rounds, flags.tags, flags.megabytes].map(Number) as [
  number,
  number,
  number,
];
const clients = 32;
const directory = flags.data ?? await mkdtemp(join(tmpdir(), "gantry-bench-"));
const [config, layer] = [new Uint8Array(200).fill(1), new Uint8Array(10_000).fill(2)];
const manifest = manifestOf(config, layer);

/** A row: how often something is done in a second, and the ratio that is good enough. */
interface Job {
  bar: number;
  /** Whether blobs are answered with a redirect to the bucket. */
  redirect?: boolean;
  /** What must be there before. */
  needs?: (to: Registry) => Promise<void>;
  work: (to: Registry) => Promise<number>;
}

/** Does something so many times, by so many at once, and tells how many a second. */
async function rate(times: number, clients: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: clients }, async () => {
    for (let i = next++; i < times; i = next++) await work(i);
  }));
  return times / (performance.now() - begin) * 1000;
}

/** Pulls a small image; where the registry says that a blob is elsewhere, from there. */
async function pull(to: Registry): Promise<void> {
  await send(to, "GET", "/v2/many/manifests/latest", undefined, { accept: manifestType });
  for (const blob of [config, layer]) {
    const { status, headers } = await send(to, "GET", `/v2/many/blobs/${sha256(blob)}`);
    if (status !== 307) continue;
    const there = new URL(String(headers["location"]));
    await send({ port: Number(there.port) }, "GET", there.pathname + there.search);
  }
}

/** The file that goes up, and what each registry has of it. */
const large = { path: join(directory, "large.file"), digest: "", at: new Map<string, string>() };

/** Makes the large file another one: a registry that has it might not take it again. */
async function renewLarge(): Promise<void> {
  const file = await open(large.path, existsSync(large.path) ? "r+" : "w");
  const { size } = await file.stat();
  for (let at = size; at < megabytes * 1e6; at += 1e7) await file.write(randomBytes(1e7), 0, 1e7, at);
  await file.write(randomBytes(64), 0, 64, 0);
  await file.close();
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(large.path)) hash.update(chunk);
  large.digest = `sha256:${hash.digest("hex")}`;
}

/** Tells how many seconds it took. */
async function pushLarge(to: Registry): Promise<number> {
  const path = await uploadPath(to, "large", large.digest);
  const seconds = await curl("-T", large.path, `http://127.0.0.1:${to.port}${path}`);
  large.at.set(to.name, large.digest);
  return seconds;
}

const pullLarge: Pick<Job, "bar" | "needs" | "work"> = {
  bar: 1,
  async needs(to) {
    if (large.digest === "") await renewLarge();
    if (!large.at.has(to.name)) await pushLarge(to);
  },
  async work(to) {
    const url = `http://127.0.0.1:${to.port}/v2/large/blobs/${large.at.get(to.name)}`;
    return 1 / await curl("-L", "-o", "/dev/null", url);
  },
};

/** Reads so many pages of a list of tags. */
async function pages(to: Registry, length: number, count: number): Promise<void> {
  let path = `/v2/tags/tags/list?n=${length}`;
  for (let page = 0; page < count; page++) {
    const { headers } = await send(to, "GET", path);
    path = /<(?:http:\/\/[^/]+)?(\/[^>]+)>/.exec(String(headers["link"]))![1]!;
  }
}

const jobs: Record<string, Job> = {
  [`pushes/s, ${clients} clients, own repositories`]: {
    bar: 1.5,
    work: (to) => rate(160, clients, (i) => push(to, `own/r${crypto.randomUUID()}`, `v${i}`)),
  },
  [`pushes/s, ${clients} clients, one repository`]: {
    bar: 1.5,
    work: (to) => rate(160, clients, () => push(to, "one", `v${crypto.randomUUID()}`)),
  },
  [`pulls/s, ${clients} clients`]: { bar: 1.5, work: (to) => rate(400, clients, () => pull(to)) },
  [`pulls/s, ${clients} clients, blobs by redirect`]: {
    bar: 1.5,
    redirect: true,
    work: (to) => rate(400, clients, () => pull(to)),
  },
  [`${megabytes} MB blobs pushed/s`]: {
    bar: 1,
    needs: renewLarge,
    work: async (to) => 1 / await pushLarge(to),
  },
  [`${megabytes} MB blobs pulled/s`]: pullLarge,
  [`${megabytes} MB blobs pulled/s, by redirect`]: { ...pullLarge, redirect: true },
  [`page of 1000 tags of ${tags}/s`]: { bar: 1, work: (to) => rate(1, 1, () => pages(to, 1000, 1)) },
  [`page of 100 tags of ${tags}/s`]: { bar: 1, work: (to) => rate(1, 1, () => pages(to, 100, 1)) },
  [`ten pages of 1000 tags of ${tags}/s`]: { bar: 1, work: (to) => rate(1, 1, () => pages(to, 1000, 10)) },
  [`tag put beside ${tags}/s`]: {
    bar: 1,
    work: (to) => rate(20, 1, () => putManifest(to, "tags", `more-${crypto.randomUUID()}`, manifest)),
  },
  [`manifest by tag of ${tags}/s`]: {
    bar: 1,
    work: (to) =>
      rate(50, 1, (i) => send(to, "GET", `/v2/tags/manifests/tag-${i}`, undefined, { accept: manifestType })),
  },
};

async function prepare(to: Registry): Promise<void> {
  const done = join(directory, `${to.name}.prepared`);
  if (existsSync(done)) return;
  for (const repository of ["many", "tags"]) {
    await putBlob(to, repository, config);
    await putBlob(to, repository, layer);
    await putManifest(to, repository, "latest", manifest);
  }
  await prepareTags(server, to.name, { repository: "tags", manifest, tags });
  await writeFile(done, "");
}

async function race(job: string, { bar, redirect = false, needs, work }: Job): Promise<void> {
  const registries: Registry[] = [];
  const speeds: Record<Registry["name"], number[]> = { gantry: [], distribution: [] };
  try {
    for (const name of ["gantry", "distribution"] as const) {
      registries.push(await startOver(server, name, { executable: flags.executable, redirect }));
    }
    for (let round = 0; round < rounds; round++) {
      for (const registry of round % 2 ? registries : registries.toReversed()) {
        await needs?.(registry);
        speeds[registry.name].push(await work(registry));
      }
    }
  } finally {
    for (const { pid } of registries) process.kill(pid, "SIGKILL");
  }
  const ratio = median(speeds.gantry.map((speed, i) => speed / speeds.distribution[i]!));
  const shown = [speeds.gantry, speeds.distribution].map((all) => median(all).toPrecision(3));
  if (ratio < bar) process.exitCode = 1;
  console.log(
    `| ${job} | ${ratio.toFixed(2)} (${ratio < bar ? "missed" : "≥"} ${bar}) | ${shown.join(" | ")} |`,
  );
}

const server = await servers.find(({ name }) => name === flags.server)!.start({
  directory: join(directory, flags.server),
});
try {
  if (flags.requests) {
    for (const name of ["gantry", "distribution"] as const) {
      const { push, pull } = await countRequests(server, name, flags.executable);
      console.log(`${name}: ${push.length} requests for a push of three layers, ${pull.length} for a pull`);
    }
  } else if (flags.prepare) {
    for (const name of ["gantry", "distribution"] as const) {
      const registry = await startOver(server, name, { executable: flags.executable, redirect: false });
      await prepare(registry);
      process.kill(registry.pid, "SIGKILL");
    }
  } else {
    console.log(`### Served from a bucket of ${flags.server}: ${machine()}\n`);
    console.log(`The median of ${rounds} rounds; ratios are of the same round.\n`);
    console.log("| | ÷ distribution | Gantry | distribution |\n| --- | --- | --- | --- |");
    for (const [job, how] of Object.entries(jobs)) if (new RegExp(flags.only).test(job)) await race(job, how);
  }
} finally {
  agent.destroy();
  await server.stop();
  if (flags.data === undefined) await rm(directory, { recursive: true, force: true });
}
