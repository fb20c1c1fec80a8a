/**
 * What the built command serves beside distribution's registry over a directory each, on this machine, in turns.
 *
 *     deno task build && deno run -A bench/server.ts [--tags 10000] [--rounds 5]
 */

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { machine, median } from "./run.ts";

const [tags, rounds] = ["--tags", "--rounds"].map((name, i) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? [10_000, 5][i]! : Number(process.argv[at + 1]);
}) as [number, number];
const clients = 32;
const directory = await mkdtemp(join(tmpdir(), "gantry-bench-"));

interface Registry {
  name: "gantry" | "distribution";
  port: number;
  pid: number;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  size: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

function send(
  { port }: Registry,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body
      ? { "content-length": body.byteLength }
      : method === "POST"
      ? { "content-length": 0 }
      : {};
    const sent = request(
      { host: "127.0.0.1", port, method, path, agent, headers: { ...length, ...headers } },
      (response) => {
        let size = 0;
        response.on("data", (chunk: Uint8Array) => size += chunk.byteLength);
        response.once("error", reject);
        response.once("end", () => {
          const { statusCode: status = 0, headers } = response;
          if (status < 400) resolve({ status, headers, size });
          else reject(new Error(`${method} ${path}: ${status}`));
        });
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function start(name: Registry["name"]): Promise<Registry> {
  const port = await freePort();
  const root = join(directory, name);
  const config = join(directory, "distribution.yml");
  await writeFile(
    config,
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${root} }, delete: { enabled: true } }
http: { addr: 127.0.0.1:${port} }
`,
  );
  const [program, args] = name === "gantry"
    ? ["dist/gantry", ["registry", "serve", "--disk", root, "--address", `127.0.0.1:${port}`]] as const
    : ["registry", ["serve", config]] as const;
  const child = spawn(program, args, {
    stdio: "ignore",
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  const registry = { name, port, pid: child.pid! };
  for (let tries = 0;; tries++) {
    try {
      await send(registry, "GET", "/v2/");
      return registry;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

async function putBlob(to: Registry, repository: string, bytes: Uint8Array): Promise<void> {
  const { headers } = await send(to, "POST", `/v2/${repository}/blobs/uploads/`);
  const { pathname, search } = new URL(String(headers["location"]), "http://127.0.0.1");
  const path = `${pathname}${search}${search ? "&" : "?"}digest=${sha256(bytes)}`;
  await send(to, "PUT", path, bytes, { "content-type": "application/octet-stream" });
}

function manifestOf(...blobs: [Uint8Array, Uint8Array]): Uint8Array {
  const [config, layer] = blobs.map((bytes) => ({ digest: sha256(bytes), size: bytes.byteLength }));
  return new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
  }));
}

async function putManifest(to: Registry, repository: string, tag: string, bytes: Uint8Array): Promise<void> {
  await send(to, "PUT", `/v2/${repository}/manifests/${tag}`, bytes, { "content-type": manifestType });
}

/** An image of its own: a config, a layer of 10 kB, and the manifest under a tag. */
async function push(to: Registry, repository: string, tag: string): Promise<void> {
  const [config, layer] = [randomBytes(200), randomBytes(10_000)];
  await putBlob(to, repository, config);
  await putBlob(to, repository, layer);
  await putManifest(to, repository, tag, manifestOf(config, layer));
}

/** Does something so many times, by many at once, and tells how many a second. */
async function rate(times: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: clients }, async () => {
    for (let i = next++; i < times; i = next++) await work(i);
  }));
  return times / (performance.now() - begin) * 1000;
}

/** Does something so many times, one after the other, and tells how many a second. */
async function alone(times: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < times; i++) await work(i);
  return times / (performance.now() - begin) * 1000;
}

const [config, layer] = [randomBytes(200), randomBytes(10_000)];
const large = randomBytes(100 * 1024 * 1024);
const manifest = manifestOf(config, layer);

async function prepare(to: Registry): Promise<void> {
  await putBlob(to, "many", config);
  await putBlob(to, "many", layer);
  await rate(tags, (i) => putManifest(to, "many", `tag-${i}`, manifest));
  await putBlob(to, "large", large);
}

type Job = (to: Registry, round: number) => Promise<number>;

const jobs: Record<string, Job> = {
  [`pushes/s, ${clients} clients, own repositories`]: (to, round) =>
    rate(160, (i) => push(to, `own/r${round}-${i % clients}`, `v${i}`)),
  [`pushes/s, ${clients} clients, one repository`]: (to, round) =>
    rate(160, (i) => push(to, "one", `v${round}-${i}`)),
  [`pulls/s, ${clients} clients (manifest, config, layer)`]: (to) =>
    rate(600, async (i) => {
      await send(to, "GET", `/v2/many/manifests/tag-${i % tags}`, undefined, { accept: manifestType });
      await send(to, "GET", `/v2/many/blobs/${sha256(config)}`);
      await send(to, "GET", `/v2/many/blobs/${sha256(layer)}`);
    }),
  "100 MB blobs pulled/s": (to) => alone(3, () => send(to, "GET", `/v2/large/blobs/${sha256(large)}`)),
  "100 MB blobs pushed/s": (to) =>
    alone(1, () => putBlob(to, "large", Buffer.concat([randomBytes(1024), large.subarray(1024)]))),
  [`page of 100 tags of ${tags}/s`]: (to) =>
    alone(20, () => send(to, "GET", "/v2/many/tags/list?n=100&last=tag-5")),
  [`manifest by tag of ${tags}/s`]: (to) =>
    alone(50, (i) => send(to, "GET", `/v2/many/manifests/tag-${i}`, undefined, { accept: manifestType })),
  [`tag put beside ${tags}/s`]: (to, round) =>
    alone(50, (i) => putManifest(to, "many", `more-${round}-${i}`, manifest)),
  "pages of the catalog/s": (to) => alone(20, () => send(to, "GET", "/v2/_catalog?n=100")),
};

const registries = [await start("gantry"), await start("distribution")];
try {
  for (const registry of registries) await prepare(registry);
  console.log(`### Served: ${machine()}\n`);
  console.log(`The median of ${rounds} rounds; ratios are of the same round.\n`);
  console.log("| | ÷ distribution | Gantry | distribution |\n| --- | --- | --- | --- |");
  for (const [job, work] of Object.entries(jobs)) {
    const speeds: Record<Registry["name"], number[]> = { gantry: [], distribution: [] };
    for (let round = 0; round < rounds; round++) {
      for (const registry of round % 2 ? registries : registries.toReversed()) {
        speeds[registry.name].push(await work(registry, round));
      }
    }
    const ratio = median(speeds.gantry.map((speed, i) => speed / speeds.distribution[i]!));
    const shown = [speeds.gantry, speeds.distribution].map((all) => median(all).toFixed(1));
    console.log(`| ${job} | ${ratio.toFixed(2)} | ${shown.join(" | ")} |`);
  }
} finally {
  agent.destroy();
  for (const { pid } of registries) process.kill(pid, "SIGTERM");
  await rm(directory, { recursive: true, force: true });
}
