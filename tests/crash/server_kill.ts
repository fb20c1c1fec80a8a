/**
 * Kills a registry that serves a directory, again and again at random moments, while clients push to it, and looks each
 * time whether all that it has answered for is there. The clients go on with their uploads where it stands.
 *
 *     deno run -A tests/crash/server_kill.ts [--kills 300] [--seed 1]
 */

import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { store } from "../../src/store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { start } from "../cli/gantry.ts";
import { collect, inDirectory } from "../layout/support.ts";
import { portOf } from "../support/serving.ts";
import { PushingClient, type Server, type Work } from "./server_client.ts";

/** What happened. */
export interface ServerReport extends Work {
  kills: number;
  /** Tags that were resolved after a kill, with all that they lead to. */
  resolved: number;
}

const clients = 6;

/** Starts the command, and tells where it listens. */
async function serve(directory: string): Promise<{ port: number; kill: () => Promise<void> }> {
  const { child, ended } = start(["registry", "serve", "--disk", "data"], { directory });
  const port = await portOf(child);
  return {
    port,
    async kill() {
      process.kill(child.pid!, "SIGKILL");
      await ended;
    },
  };
}

/** Kills so many times. */
export async function killServers(
  directory: string,
  { kills, seed, log }: { kills: number; seed: number; log?: (line: string) => void },
): Promise<ServerReport> {
  const report: ServerReport = { kills: 0, resolved: 0, pushed: 0, resumed: 0, finished: 0 };
  const dice = randomBytes(kills + 1, seed);
  const server: Server = { port: 0, up: Promise.resolve(), ended: false };
  const verified = new Set<string>();
  const all = Array.from({ length: clients }, (_, n) => new PushingClient(server, n, seed, report));
  let running = await serve(directory);
  server.port = running.port;
  const working = Promise.all(all.map((client) => client.run()));
  for (; report.kills < kills; report.kills++) {
    // Few live long enough to see the end of many pushes.
    const life = new Promise((resolve) => setTimeout(resolve, 5 + 600 * (dice[report.kills]! / 256) ** 2));
    await Promise.race([life, working]); // a client that fails ends all
    const { promise, resolve } = Promise.withResolvers<void>();
    server.up = promise;
    await running.kill();
    running = await serve(directory);
    server.port = running.port;
    for (const client of all) report.resolved += await client.check(verified);
    resolve();
    if (report.kills % 10 === 0) log?.(JSON.stringify(report));
  }
  server.ended = true;
  await working;
  for (const client of all) report.resolved += await client.check(verified);
  await running.kill();
  await checkDirectory(`${directory}/data`);
  return report;
}

/** Nothing in the store is wrong, and of uploads only such are left as no client was told of. */
async function checkDirectory(directory: string): Promise<void> {
  await using there = store(directory);
  assert.deepEqual((await there.fsck()).problems, []);
  for (const { offset } of await collect(there.repository("any").ingests())) assert.equal(offset, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
  const [kills, seed] = [Number(values.kills ?? 300), Number(values.seed ?? 1)];
  await inDirectory(async (directory) => {
    console.log(await killServers(directory, { kills, seed, log: console.log }));
  });
}
