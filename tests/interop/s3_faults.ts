/**
 * A proxy between us and a bucket that does harm: it breaks connections before and after a request was carried out,
 * cuts answers short, answers 503 and waits. Images are pushed and pulled through it: each ends right, or with an error.
 *
 *     deno run -A tests/interop/s3_faults.ts [--server versitygw] [--runs 300] [--seed 1]
 */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { copy } from "../../src/copy/mod.ts";
import { readVerified } from "../../src/content/read.ts";
import { memory } from "../../src/content/memory.ts";
import { GantryError } from "../../src/errors.ts";
import { nodeTransport } from "../../src/http/node_transport.ts";
import { Index, openRoot, walk } from "../../src/image/mod.ts";
import { objects, s3 } from "../../src/objects/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { madeUp } from "../crash/made_up.ts";
import { type S3Server, servers } from "./s3_servers.ts";

/** What happened. */
export interface Faults {
  runs: number;
  /** Copies that were right at once; the others ended with an error, and were right when there was no more harm. */
  right: number;
  /** Harm of each kind. */
  harm: Record<string, number>;
}

type Harm = "reset before" | "reset after" | "truncated" | "slow down" | "delay";
const kinds: readonly Harm[] = ["reset before", "reset after", "truncated", "slow down", "delay"];

/** Does harm to one request of so many. */
async function startProxy(to: URL, dice: () => number, harm: Record<string, number>) {
  const state = { every: 8 };
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const kind = state.every > 0 && dice() % state.every === 0 ? kinds[dice() % kinds.length]! : undefined;
    if (kind) harm[kind] = (harm[kind] ?? 0) + 1;
    if (kind === "reset before") return void incoming.socket.destroy();
    if (kind === "slow down") {
      outgoing.writeHead(503, { "content-type": "application/xml", "retry-after": "0" });
      incoming.resume();
      return void outgoing.end(
        "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>",
      );
    }
    const { method, url, headers } = incoming;
    const onward = request({ host: to.hostname, port: to.port, method, path: url, headers }, (response) => {
      if (kind === "reset after") {
        response.resume();
        return void response.once("end", () => incoming.socket.destroy());
      }
      outgoing.writeHead(response.statusCode!, response.headers);
      if (kind !== "truncated") return void response.pipe(outgoing);
      let left = Number(response.headers["content-length"] ?? 0) >> 1;
      response.on("data", (chunk: Uint8Array) => {
        if (left >= 0) outgoing.write(chunk.subarray(0, left));
        left -= chunk.byteLength;
        if (left > 0) return;
        response.destroy();
        incoming.socket.destroySoon();
      });
      response.once("end", () => incoming.socket.destroySoon());
    });
    onward.on("error", () => incoming.socket.destroy());
    const send = () => incoming.pipe(onward);
    if (kind === "delay") setTimeout(send, dice() % 300);
    else send();
  };
  const server = createServer({ requestTimeout: 0 }, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    state,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  };
}

/** Copies so many images in and out. */
export async function runFaults(
  { server, runs, seed, log }: { server: S3Server; runs: number; seed: number; log?: (line: string) => void },
): Promise<Faults> {
  const report: Faults = { runs: 0, right: 0, harm: {} };
  const bytes = randomBytes(65_536, seed);
  let rolled = 0;
  const dice = () => (bytes[rolled++ % 65_536]! << 8) | bytes[(rolled++ + 7) % 65_536]!;
  const proxy = await startProxy(new URL(server.options.endpoint), dice, report.harm);
  const transport = nodeTransport();
  const bucket = s3({
    ...server.options,
    retries: 2,
    environment: { sleep: () => Promise.resolve() },
    // The signature is for the server's own address, which `fetch` would not let us name; the connection goes to the proxy.
    transport: (exchange) => {
      const url = new URL(exchange.url);
      exchange.headers.set("host", url.host);
      url.port = String(proxy.port);
      return transport({ ...exchange, url: url.href });
    },
  });
  try {
    for (let n = 0; n < runs; n++) {
      const source = await madeUp(seed + n % 10);
      const open = () => objects({ bucket, prefix: `run-${n}`, partSize: 5 * 1024 * 1024 })("acme/app");
      const root = await openRoot(source, "v1");
      proxy.state.every = 4 + dice() % 40;
      try {
        await copy(root, open(), { name: "v1", session: "faults" });
        await copy(await openRoot(open(), "v1"), memory(), { name: "v1" });
        report.right++;
      } catch (error) {
        // It says what went wrong: the bucket, not the image.
        if (!GantryError.is(error, "unavailable", "conflict", "storage")) throw error;
      }
      proxy.state.every = 0;
      await copy(root, open(), { name: "v1", session: "faults" });
      const found = await openRoot(open(), "v1");
      assert.ok(found instanceof Index);
      assert.equal(await found.digest(), (await source.resolve("v1")).descriptor.digest);
      for await (const { content, part } of walk(found)) {
        const address = { digest: content.digest!, size: content.size! };
        await (await readVerified(open(), address, { role: part.role })).pipeTo(new WritableStream());
      }
      report.runs++;
      if (report.runs % 25 === 0) log?.(JSON.stringify(report));
    }
  } finally {
    await proxy.close();
  }
  return report;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const string = { type: "string" } as const;
  const { values } = parseArgs({ options: { server: string, runs: string, seed: string } });
  const installed = servers.find(({ name }) => name === (values.server ?? "versitygw"))!;
  const server = await installed.start();
  try {
    const [runs, seed] = [values.runs ?? 300, values.seed ?? 1].map(Number);
    console.log({ server: installed.name, seed });
    console.log(await runFaults({ server, runs: runs!, seed: seed!, log: console.log }));
  } finally {
    await server.stop();
  }
}
