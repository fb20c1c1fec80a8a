/**
 * The peak memory of copying a 1 GB layer from a layout to a registry and back, and of pulling it as a tarball, against
 * an idle process of the same runtime with the same modules, or against one that fetches the layer and does nothing with
 * it, at the most of three times, where that alone needs more (Node's does). The registry is `docker-registry` where it
 * is installed, else our own over a layout, in a process of its own. Linux only.
 *
 *     deno run -A tests/memory/run.ts [RUNTIME…]
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Bytes } from "../../src/bytes.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { random } from "../contract/target.ts";
import { startDockerRegistry } from "../interop/docker_registry.ts";

const limit = 60 * 1024 * 1024;
const layerSize = 1024 * 1024 * 1024;
const child = fileURLToPath(new URL("./child.ts", import.meta.url));
const runtimes: Record<string, string[]> = {
  deno: ["deno", "run", "-A", "--no-check"],
  bun: ["bun"],
  node: ["node", "--disable-warning=ExperimentalWarning"],
};

function peak(runtime: string, ...args: string[]): Promise<number> {
  const [program, ...rest] = runtimes[runtime]!;
  const process_ = spawn(program!, [...rest, child, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  process_.stdout.on("data", (chunk: Uint8Array) => output += new TextDecoder().decode(chunk));
  return new Promise((resolve, reject) => {
    process_.on("error", reject);
    process_.on(
      "close",
      (code) => code === 0 ? resolve(Number(output)) : reject(new Error(`${runtime}: exit ${code}`)),
    );
  });
}

function gigabyte(): ReadableStream<Bytes> {
  const piece = random(1024 * 1024);
  let left = layerSize / piece.byteLength;
  return new ReadableStream({
    pull(controller) {
      if (left-- === 0) return controller.close();
      new DataView(piece.buffer).setUint32(0, left);
      controller.enqueue(piece.slice());
    },
  });
}

const directory = await mkdtemp(join(tmpdir(), "gantry-memory-"));
const reference = await startDockerRegistry();
let failed = 0, passed = 0;
try {
  const source = join(directory, "source");
  await copy(emptyImage().append(layer(gigabyte, { compression: "none" })), layout(source), { name: "v1" });
  const { digest } = (await openImage(layout(source), "v1").then((image) => image.manifest())).layers[0]!;
  console.log(
    "runtime     idle    push    pull tarball   fetch   (MB at the peak; the limit is 60 MB over idle, or what fetch alone needs)",
  );
  for (const runtime of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(runtimes)) {
    if (spawnSync(runtimes[runtime]![0]!, ["--version"]).status !== 0) {
      throw new Error(`${runtime} is not installed`);
    }
    const repository = `${reference.host}/${runtime}`;
    const copied = join(directory, runtime);
    const idle = await peak(runtime, "idle");
    const push = await peak(runtime, "copy", source, repository);
    const pull = await peak(runtime, "copy", repository, copied);
    const tarball = await peak(runtime, "tarball", repository, `${copied}.tar`);
    const { size } = await stat(`${copied}.tar`);
    if (size < layerSize) throw new Error(`the tarball has only ${size} bytes`);
    for (const path of [copied, `${copied}.tar`]) await rm(path, { recursive: true });
    const url = `http://${repository.replace("/", "/v2/")}/blobs/${digest}`;
    let plain = 0;
    // How much it is depends on when garbage is collected.
    for (let run = 0; run < 3; run++) plain = Math.max(plain, await peak(runtime, "fetch", url));
    const megabytes = [idle, push, pull, tarball, plain].map((bytes) => (bytes / 1e6).toFixed(0).padStart(7));
    console.log(runtime.padEnd(8), ...megabytes);
    for (const used of [push, pull, tarball]) used <= Math.max(idle + limit, plain) ? passed++ : failed++;
  }
} finally {
  await reference.stop();
  await rm(directory, { recursive: true, force: true });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
