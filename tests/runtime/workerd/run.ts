/** Proves the web tier in workerd, as it comes and with Node's modules: `deno task test:workerd`. */

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import workerd from "workerd";
import { coreBytes } from "../../../src/codec/mod.ts";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { openImage } from "../../../src/image/mod.ts";
import { registry } from "../../../src/registry/mod.ts";
import { cases, type Setting } from "../cases.ts";
import { bundle, Report, startRegistry } from "../runner.ts";
import { withCore } from "./core_case.ts";

// Node's modules are there from 2026-08-04 on: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
const workers: Record<string, { date: string; engines: Setting["engines"] }> = {
  "workerd without node": {
    date: "2026-08-03",
    engines: { hash: "DigestStream", gunzip: "DecompressionStream" },
  },
  "workerd": { date: workerd.compatibilityDate, engines: { hash: "node:crypto", gunzip: "node:zlib" } },
};

// https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp
const services = Object.entries(workers).map(([name, { date }]) =>
  `(name = "${name}", worker = (
    modules = [
      (name = "worker.js", esModule = embed "worker.js"),
      (name = "core.wasm", wasm = embed "core.wasm"),
    ],
    compatibilityDate = "${date}",
    globalOutbound = "loopback",
  ))`
);
const sockets = Object.keys(workers).map((name) =>
  `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`
);
const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "loopback", network = (allow = ["127.0.0.1/32"], tlsOptions = (trustBrowserCas = true))),
    ${services.join(",\n    ")}
  ],
  sockets = [${sockets.join(", ")}],
);
`;

/** Starts workerd, and tells where each worker listens. What it complains about on the way, it keeps to itself. */
async function start(directory: string) {
  await writeFile(join(directory, "worker.js"), await bundle("workerd/worker.ts"));
  await writeFile(join(directory, "core.wasm"), await coreBytes());
  await writeFile(join(directory, "config.capnp"), config);
  const child = spawn(workerd.default, ["serve", "--control-fd=1", join(directory, "config.capnp")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let complaints = "";
  child.stderr.on("data", (chunk: Uint8Array) => complaints += new TextDecoder().decode(chunk));
  const addresses: Record<string, string> = {};
  for await (const line of createInterface(child.stdout)) {
    const { socket, port } = JSON.parse(line);
    addresses[socket] = `127.0.0.1:${port}`;
    if (Object.keys(workers).every((name) => addresses[name])) break;
  }
  const close = async () => {
    child.kill();
    await ended;
  };
  return { addresses, complaints: () => complaints, close };
}

/** Runs the cases in a worker, and uses it as a registry. */
async function test(worker: string, address: string, report: Report): Promise<void> {
  const { host, digest, close } = await startRegistry();
  const { engines } = workers[worker]!;
  await report.run(worker, [...Object.keys(cases), withCore], async (name) => {
    const body = JSON.stringify({ name, setting: { host, digest, engines } });
    const response = await fetch(`http://${address}/`, { method: "POST", body });
    return (response.ok ? "" : `${response.status} `) + await response.text();
  });
  await report.run(worker, ["is a registry"], async () => {
    const served = registry(`${address}/served`);
    await copy(await openImage(registry(`${host}/app`), "v1"), served, { name: "v1" });
    const { descriptor } = await copy(await openImage(served, "v1"), memory(), { name: "v1" });
    return descriptor.digest === digest ? "" : `${descriptor.digest}, expected ${digest}`;
  });
  await close();
}

const report = new Report();
const directory = await mkdtemp(join(tmpdir(), "gantry-workerd-"));
const { addresses, complaints, close } = await start(directory);
try {
  for (const worker of Object.keys(workers)) await test(worker, addresses[worker] ?? "nowhere", report);
} finally {
  await close();
  await rm(directory, { recursive: true });
}
// It writes a stack for every connection that fails, as the first one does to a registry that speaks no HTTPS.
if (report.failed > 0) console.error(complaints());
report.end();
