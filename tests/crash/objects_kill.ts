/**
 * Three processes of the registry over one bucket, behind an address that takes another of them for every request.
 * Clients push and pull images that share layers; processes are killed at random moments, and so is the garbage
 * collection that runs all the while. Whatever was acknowledged has to be whole in the end, and nothing there twice.
 *
 *     deno run -A tests/crash/objects_kill.ts [--server versitygw] [--kills 300] [--clients 200] [--seed 1]
 */

import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { chunksOf, concat, utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type Objects, objects, s3 } from "../../src/objects/mod.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { everything } from "../objects/bucket_suite.ts";
import { type RegistryProcess, roundRobin, startCollection, startRegistry } from "../interop/s3_registry.ts";
import { type S3Server, servers } from "../interop/s3_servers.ts";

/** What happened. */
export interface Report {
  kills: number;
  /** How many of them were of garbage collections. */
  killedCollections: number;
  collections: number;
  /** Pushes that were acknowledged, and tries at all. */
  pushes: number;
  tries: number;
  pulls: number;
  deletions: number;
  /** Bytes of blobs that were collected. */
  collected: number;
}

/** Seconds. */
const grace = 20;
/** Blobs that all images share, and those that some do. */
const layers = 24;
const repositories = ["acme/a", "acme/b", "acme/a/nested"];

/** At most. */
const answersBetweenKills = 400;

/** How far the clients have come. */
interface State {
  answered: number;
  running(): boolean;
}

interface Settings {
  server: S3Server;
  kills: number;
  clients: number;
  seed: number;
  log?: (line: string) => void;
}

/** Kills so many times. */
export async function killRegistries({ server, kills, clients, seed, log }: Settings): Promise<Report> {
  const report: Report = {
    kills: 0,
    killedCollections: 0,
    collections: 0,
    pushes: 0,
    tries: 0,
    pulls: 0,
    deletions: 0,
    collected: 0,
  };
  const dice = new Dice(seed);
  const all: RegistryProcess[] = [];
  for (let n = 0; n < 3; n++) all.push(await startRegistry(server, { grace }));
  const proxy = await roundRobin(() => all.map(({ port }) => port));
  const acknowledged = new Map<string, Digest>();
  // A push whose answer was not waited for may come true at any time, also after the next one.
  const unanswered = new Unanswered();
  let failure: { error: unknown } | undefined;
  const state = { answered: 0, running: () => !failure && report.kills < kills };
  const orFail = (work: Promise<void>) => work.catch((error) => void (failure ??= { error }));
  const client = async (n: number) => {
    const own = new Dice(seed * 1000 + n);
    // A deletion whose answer is not waited for may come true at any time, so what was deleted is not pushed again.
    const deleted = new Set<Digest>();
    for (let round = 0; state.running(); round++) {
      // A tag has one writer, so that what it must be in the end is known.
      const [repository, tag] = [repositories[own.roll(3)]!, `client-${n}-${own.roll(3)}`];
      const image = await imageOf(own, n);
      if (deleted.has(image.digest)) continue;
      report.tries++;
      const lost = () => unanswered.add(`${repository}:${tag}`, image.digest);
      const pushed = await pushUntilDone(proxy.host, { repository, tag, image, lost }, state);
      if (!pushed) continue;
      acknowledged.set(`${repository}:${tag}`, image.digest);
      report.pushes++;
      await pull(proxy.host, repository, image.digest, state);
      report.pulls++;
      if (own.roll(4) > 0) continue;
      // Nobody else has this image; its layers others have.
      for (const [name, digest] of acknowledged) {
        if (digest === image.digest && name.startsWith(`${repository}:`)) acknowledged.delete(name);
      }
      deleted.add(image.digest);
      const url = `http://${proxy.host}/v2/${repository}/manifests/${image.digest}`;
      await request(url, { method: "DELETE" }, state);
      report.deletions++;
    }
  };
  const killer = async () => {
    while (state.running()) {
      // At a random moment, however slow the machine is.
      const moment = state.answered + dice.roll(answersBetweenKills);
      while (state.running() && state.answered < moment) await sleep(dice.roll(200));
      await sleep(dice.roll(200));
      const victim = dice.roll(3);
      await all[victim]!.kill();
      all[victim] = await startRegistry(server, { grace });
      report.kills++;
      if (report.kills % 10 === 0) log?.(JSON.stringify(report));
    }
  };
  const collector = async () => {
    while (state.running()) {
      await sleep(500 + dice.roll(2000));
      const { child, ended } = startCollection(server, { grace });
      report.collections++;
      let killed = false;
      const timer = dice.roll(3) > 0 ? undefined : setTimeout(() => {
        killed = true;
        child.kill("SIGKILL");
      }, 500 + dice.roll(1500));
      const { code, output } = await ended;
      clearTimeout(timer);
      const [, bytes] = /^\d+ blobs of (\d+) bytes/m.exec(output) ?? [];
      report.collected += Number(bytes ?? 0);
      if (killed) {
        report.kills++;
        report.killedCollections++;
      } else if (code !== 0) throw new Error(`garbage collection failed: ${output}`);
    }
  };
  try {
    await Promise.all(
      [killer(), collector(), ...Array.from({ length: clients }, (_, n) => client(n))].map(orFail),
    );
    if (failure) throw (failure as { error: unknown }).error;
    const open = objects({ bucket: s3(server.options), prefix: "registry", grace });
    await checkAll(open, acknowledged, unanswered);
    await open.gc();
    await checkAll(open, acknowledged, unanswered);
    await checkOnce(server, open);
  } finally {
    await proxy.close();
    for (const one of all) await one.kill();
  }
  return report;
}

/** What tags may stand for as well, since nobody knows what became of the request. */
class Unanswered {
  readonly #digests = new Map<string, Set<Digest>>();
  add(name: string, digest: Digest): void {
    this.#digests.set(name, (this.#digests.get(name) ?? new Set()).add(digest));
  }
  has(name: string, digest: Digest): boolean {
    return this.#digests.get(name)?.has(digest) ?? false;
  }
}

/** Random numbers that a seed decides. */
class Dice {
  readonly #bytes;
  #at = 0;
  constructor(seed: number) {
    this.#bytes = randomBytes(65_536, seed);
  }
  roll(limit: number): number {
    const at = 2 * (this.#at++ % 32_768);
    return ((this.#bytes[at]! << 8) | this.#bytes[at + 1]!) % limit;
  }
}

interface TestImage {
  blobs: { bytes: Uint8Array<ArrayBuffer>; digest: Digest; mediaType: string; size: number }[];
  manifest: string;
  digest: Digest;
}

/** Layers of a few bytes up to some hundred kilobytes, and one of more than a part now and then. */
async function imageOf(dice: Dice, client: number): Promise<TestImage> {
  const wanted = new Set(Array.from({ length: 3 }, () => dice.roll(layers)));
  const blobs: TestImage["blobs"] = [];
  const add = async (bytes: Uint8Array<ArrayBuffer>, mediaType: string) => {
    const blob = { mediaType, digest: await digestBytes(bytes), size: bytes.byteLength, bytes };
    blobs.push(blob);
    return { mediaType, digest: blob.digest, size: blob.size };
  };
  const named = [];
  for (const n of wanted) named.push(await add(layerOf(n), mediaTypes.ociLayer));
  const config = await add(
    utf8(JSON.stringify({ client, n: dice.roll(4), layers: [...wanted] })),
    mediaTypes.ociConfig,
  );
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: named,
  });
  return { blobs, manifest, digest: await digestBytes(utf8(manifest)) };
}

function layerOf(n: number): Uint8Array<ArrayBuffer> {
  return randomBytes(n === 0 ? 9_000_000 : 1000 + n * n * 800, 50_000 + n);
}

/** A request that is sent again where the connection breaks or the server is being killed; `lost` is told of each. */
async function request(
  url: string,
  init: RequestInit,
  state: State,
  lost?: () => void,
): Promise<{ status: number; headers: Headers; bytes: Uint8Array<ArrayBuffer> } | undefined> {
  for (let tries = 0; tries < 200; tries++) {
    // Not `AbortSignal.timeout`, which throws later: https://github.com/denoland/deno/issues/36588
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 30_000);
    try {
      const response = await fetch(url, { ...init, signal: patience.signal });
      const chunks = [];
      if (response.body) { for await (const chunk of chunksOf(response.body as never)) chunks.push(chunk); }
      if (response.status < 500 && response.status !== 409) {
        state.answered++;
        return { status: response.status, headers: response.headers, bytes: concat(chunks) };
      }
    } catch {
      lost?.(); // killed: another process takes the next one
    } finally {
      clearTimeout(timer);
    }
    if (!state.running()) return undefined;
    await sleep(20);
  }
  throw new Error(`${init.method ?? "GET"} ${url}: no answer after 200 tries`);
}

/** Pushes until the manifest is acknowledged; nothing when all is to end before. */
async function pushUntilDone(
  host: string,
  { repository, tag, image, lost }: {
    repository: string;
    tag: string;
    image: TestImage;
    lost: () => void;
  },
  state: State,
): Promise<boolean> {
  const base = `http://${host}/v2/${repository}`;
  for (let tries = 0; tries < 50 && state.running(); tries++) {
    for (const blob of image.blobs) if (!await pushBlob(base, blob, state)) return false;
    const put = await request(
      `${base}/manifests/${tag}`,
      {
        method: "PUT",
        headers: { "content-type": mediaTypes.ociManifest },
        body: image.manifest,
      },
      state,
      lost,
    );
    if (put?.status === 201) return true;
    // A blob was there, and was collected before the manifest came: it has to be pushed again.
    if (put && put.status !== 400 && put.status !== 404) throw new Error(`PUT manifest: ${put.status}`);
  }
  if (state.running()) throw new Error(`${repository}:${tag} cannot be pushed`);
  return false;
}

async function pushBlob(
  base: string,
  blob: TestImage["blobs"][number],
  state: State,
): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    const head = await request(`${base}/blobs/${blob.digest}`, { method: "HEAD" }, state);
    if (!head) return false;
    if (head.status === 200) return true;
    const begun = await request(`${base}/blobs/uploads/`, { method: "POST" }, state);
    if (!begun) return false;
    const upload = new URL(begun.headers.get("location")!, base);
    const half = blob.size >> 1;
    const patched = await request(upload.href, {
      method: "PATCH",
      headers: { "content-range": `0-${half - 1}` },
      body: blob.bytes.slice(0, half),
    }, state);
    if (!patched) return false;
    // 416: it was acknowledged, and the answer was lost.
    if (patched.status !== 202 && patched.status !== 416) continue;
    upload.searchParams.set("digest", blob.digest);
    const put = await request(upload.href, {
      method: "PUT",
      headers: { "content-range": `${half}-${blob.size - 1}` },
      body: blob.bytes.slice(half),
    }, state);
    if (!put) return false;
    if (put.status === 201) return true;
    // The answer to the first PUT was lost, or it was killed in between: it is looked for, and sent again.
    if (![404, 416].includes(put.status)) {
      throw new Error(`PUT blob: ${put.status} ${new TextDecoder().decode(put.bytes)}`);
    }
  }
  throw new Error(`${blob.digest} cannot be pushed`);
}

/** What was acknowledged is there at once, whole, through whichever process. */
async function pull(host: string, repository: string, digest: Digest, state: State): Promise<void> {
  const base = `http://${host}/v2/${repository}`;
  const manifest = await request(`${base}/manifests/${digest}`, {}, state);
  if (!manifest) return;
  assert.equal(await digestBytes(manifest.bytes), digest, `manifest: ${manifest.status}`);
  const { config, layers } = JSON.parse(new TextDecoder().decode(manifest.bytes));
  for (const one of [config, ...layers]) {
    const blob = await request(`${base}/blobs/${one.digest}`, {}, state);
    if (!blob) return;
    assert.equal(await digestBytes(blob.bytes), one.digest, `${one.digest} of ${repository}: ${blob.status}`);
  }
}

async function checkAll(
  open: Objects,
  acknowledged: Map<string, Digest>,
  unanswered: Unanswered,
): Promise<void> {
  for (const [name, digest] of acknowledged) {
    const [repository, tag] = name.split(":") as [string, string];
    const target = open(repository);
    const { descriptor, document } = await target.resolve(tag, { document: true });
    if (!unanswered.has(name, descriptor.digest)) assert.equal(descriptor.digest, digest, name);
    const { config, layers } = JSON.parse(new TextDecoder().decode(document));
    for (const one of [config, ...layers]) {
      const chunks = [];
      for await (const chunk of chunksOf(await target.open(one, { role: "blob" }))) chunks.push(chunk);
      assert.equal(await digestBytes(concat(chunks)), one.digest, `${one.digest} of ${name}`);
    }
  }
}

/** Once what was given up is collected, every object of bytes belongs to one blob. */
async function checkOnce(server: S3Server, open: Objects): Promise<void> {
  const bucket = s3(server.options);
  // What a killed collection has condemned is removed by the next one, once that is as long ago as the grace.
  await sleep((grace + 3) * 1000);
  await objects({ bucket, prefix: "registry", grace, expiry: 0 }).gc();
  const data = (await everything(bucket, "registry/data/")).map(({ key }) =>
    key.slice("registry/data/".length)
  );
  const recorded: string[] = [];
  for (const { key } of await everything(bucket, "registry/blobs/")) {
    const found = await bucket.get(key);
    const { data, condemned } = JSON.parse(await new Response(found!.body).text());
    if (!condemned) recorded.push(data);
  }
  assert.deepEqual(data.sort(), recorded.sort(), "objects and records");
  assert.deepEqual(await everything(bucket, "registry/uploads/"), []);
  for await (const repository of open.repositories()) {
    assert.ok(repositories.includes(repository), repository);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const string = { type: "string" } as const;
  const { values } = parseArgs({ options: { server: string, kills: string, clients: string, seed: string } });
  const installed = servers.find(({ name }) => name === (values.server ?? "versitygw"))!;
  const server = await installed.start();
  try {
    const [kills, clients, seed] = [values.kills ?? 300, values.clients ?? 200, values.seed ?? 1].map(Number);
    console.log({ server: installed.name, seed });
    console.log(
      await killRegistries({ server, kills: kills!, clients: clients!, seed: seed!, log: console.log }),
    );
  } finally {
    await server.stop();
  }
}
