/**
 * Pushes and pulls images through a proxy that breaks connections, again and again. Each ends right, or with a clear error, and
 * in time; what is left can be trusted.
 *
 *     deno run -A tests/faults/faults.ts [--runs 300] [--seed 1] [--registry docker]
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Memory, memory, readVerified, type Source, type Target } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { openRoot, walk } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { registries, type RegistryOptions } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { checkLayout } from "../crash/layout_kill.ts";
import { madeUp } from "../crash/made_up.ts";
import { startDockerRegistry } from "../interop/docker_registry.ts";
import { inDirectory } from "../support/directory.ts";
import { diceOf, type Fault, type FaultProxy, faultProxy } from "./proxy.ts";

/** A registry that works. */
export interface Upstream {
  /** Host and port. */
  host: string;
  stop(): Promise<void>;
}

/** What happened. */
export interface Report {
  pushes: number;
  pulls: number;
  /** Those that ended right in spite of faults. */
  survived: number;
  /** The codes of the errors of the others. */
  failed: Record<string, number>;
  faults: Record<Fault, number>;
  /** The longest one, in milliseconds. */
  longest: number;
}

/** Patience for a network of one machine, so that hundreds of runs take minutes. */
export const impatient: RegistryOptions = {
  timeouts: { connect: 1000, response: 1000, verify: 2000, idle: 1000, total: 8000 },
  retry: { retries: 4, delay: 5, longestDelay: 50, longestRetryAfter: 1000 },
};

/** No run takes longer: each call has its 8 seconds, and something comes of most of them. */
const longest = 60_000;

/** What a peer or a network may be to blame for; everything else would be our own mistake. */
const blameless =
  /^(?:unavailable|rate-limited|digest-mismatch|size-mismatch|invalid-document|conflict|not-found|unsupported)$/;

/** Our own registry in memory. */
export async function startMemoryRegistry(): Promise<Upstream> {
  const repositories = new Map<string, Memory>();
  const listening = await listen(server({
    repositories: (name) => {
      const found = repositories.get(name) ?? memory();
      repositories.set(name, found);
      return found;
    },
  }));
  return { host: new URL(listening.url).host, stop: () => listening.close() };
}

/** Runs so many pushes and pulls. */
export async function run(
  upstream: string,
  directory: string,
  { runs, seed, log }: { runs: number; seed: number; log?: ((line: string) => void) | undefined },
): Promise<Report> {
  const report: Report = {
    pushes: 0,
    pulls: 0,
    survived: 0,
    failed: {},
    faults: {} as Report["faults"],
    longest: 0,
  };
  const dice = diceOf(seed);
  // Some suffer a little, few a lot.
  const weather = () => ({ dice, rate: 0.05 + 0.35 * dice() ** 2, delay: 1400 });
  for (let n = 0; n < runs; n++) {
    const proxy = await faultProxy(upstream, weather());
    const image = await madeUp(seed * 1000 + n, 12);
    const began = performance.now();
    try {
      const options: RegistryOptions = {
        ...impatient,
        environment: { random: dice },
        ...(dice() < 0.3 && { pieceSize: 64 << 10 }),
      };
      const session = dice() < 0.3 ? `run-${n}` : undefined;
      const move = dice() < 0.5 ? push : pull;
      report[move === push ? "pushes" : "pulls"]++;
      const error = await move({
        image,
        upstream,
        proxy,
        options,
        session,
        directory: join(directory, `${n}`),
        n,
        report,
        began,
      });
      if (error === undefined) report.survived++;
      else {
        report.failed[error.code] = (report.failed[error.code] ?? 0) + 1;
        log?.(`run ${n}: ${error.message}`);
      }
    } catch (cause) {
      throw new Error(`seed ${seed}, run ${n}`, { cause });
    } finally {
      await proxy.close();
      await rm(join(directory, `${n}`), { recursive: true, force: true });
    }
    for (const [fault, count] of Object.entries(proxy.done) as [Fault, number][]) {
      report.faults[fault] = (report.faults[fault] ?? 0) + count;
    }
    if ((n + 1) % 50 === 0) log?.(JSON.stringify(report));
  }
  return report;
}

interface Move {
  image: Memory;
  /** The registry, without faults. */
  upstream: string;
  proxy: FaultProxy;
  options: RegistryOptions;
  session: string | undefined;
  directory: string;
  n: number;
  report: Report;
  began: number;
}

/** Copies, in time, and gives the error that it came to. */
async function attempt(
  source: Source,
  target: Target,
  { session, report, began }: Move,
): Promise<GantryError | undefined> {
  const error = await openRoot(source, "v1").then((root) => copy(root, target, { name: "v1", session })).then(
    () => undefined,
    (error: Error) => error,
  );
  report.longest = Math.max(report.longest, Math.round(performance.now() - began));
  assert.ok(report.longest < longest, "in time");
  if (!error) return undefined;
  if (!GantryError.is(error) || !blameless.test(error.code)) throw error;
  assert.match(error.message, /^[^\n]{10,700}$/, "one line");
  return error;
}

async function push(move: Move): Promise<GantryError | undefined> {
  const { image, proxy, options, upstream, n } = move;
  const failed = await attempt(image, registries(options)(`${proxy.host}/push/${n}`), move);
  // What can be seen without the proxy is whole, or is not there.
  const direct = registries({ timeouts: { total: 20_000 } })(`${upstream}/push/${n}`);
  const there = await direct.resolve("v1").then(() => true, (error) => {
    if (!GantryError.is(error, "not-found")) throw error;
    return false;
  });
  assert.ok(there || failed !== undefined, "what was pushed is there");
  if (there) await checkSame(direct, image);
  return failed;
}

async function pull(move: Move): Promise<GantryError | undefined> {
  const { image, proxy, options, upstream, directory, n } = move;
  await copy(await openRoot(image, "v1"), registries()(`${upstream}/pull/${n}`), { name: "v1" });
  const failed = await attempt(registries(options)(`${proxy.host}/pull/${n}`), layout(directory), move);
  // Where nothing came, there is no layout.
  if (existsSync(directory)) await checkLayout(directory, new Map());
  if (failed === undefined) await checkSame(layout(directory), image);
  return failed;
}

/** All of the image is there, to the last byte. */
async function checkSame(source: Source, image: Memory): Promise<void> {
  const { descriptor } = await image.resolve("v1");
  const root = await openRoot(source, "v1");
  assert.equal((await source.resolve("v1")).descriptor.digest, descriptor.digest);
  for await (const { content, part } of walk(root)) {
    const address = { digest: content.digest!, size: content.size! };
    await (await readVerified(source, address, { role: part.role })).pipeTo(new WritableStream());
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { runs: { type: "string" }, seed: { type: "string" }, registry: { type: "string" } },
  });
  const [runs, seed] = [Number(values.runs ?? 300), Number(values.seed ?? Date.now() % 1_000_000)];
  console.log(`seed ${seed}`);
  const upstream = values.registry === "docker" ? await startDockerRegistry() : await startMemoryRegistry();
  try {
    await inDirectory(async (directory) => {
      console.log(JSON.stringify(await run(upstream.host, directory, { runs, seed, log: console.log })));
    });
  } finally {
    await upstream.stop();
  }
}
