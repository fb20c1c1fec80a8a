/**
 * The peak memory of copying a 1 GB layer from a layout to a registry and back, and of pulling it as a tarball, against
 * an idle process of the same runtime with the same modules, or against one that fetches the layer and does nothing with
 * it, at the most of three times, where that alone needs more (Node's does). The registry is `docker-registry` where it
 * is installed, else our own over a layout, in a process of its own. Linux only.
 *
 *     deno run -A tests/memory/run.ts [RUNTIME…]
 */

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Bytes } from "../../src/bytes.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { startDockerRegistry } from "../interop/docker_registry.ts";
import { limit, peak, runtimes } from "./peak.ts";

const layerSize = 1024 * 1024 * 1024;
const child = fileURLToPath(new URL("./child.ts", import.meta.url));
function gigabyte(): ReadableStream<Bytes> {
  const piece = randomBytes(1024 * 1024);
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
  for (const runtime of runtimes()) {
    const repository = `${reference.host}/${runtime}`;
    const copied = join(directory, runtime);
    const idle = await peak(runtime, child, "idle");
    const push = await peak(runtime, child, "copy", source, repository);
    const pull = await peak(runtime, child, "copy", repository, copied);
    const tarball = await peak(runtime, child, "tarball", repository, `${copied}.tar`);
    const { size } = await stat(`${copied}.tar`);
    if (size < layerSize) throw new Error(`the tarball has only ${size} bytes`);
    for (const path of [copied, `${copied}.tar`]) await rm(path, { recursive: true });
    const url = `http://${repository.replace("/", "/v2/")}/blobs/${digest}`;
    let plain = 0;
    // How much it is depends on when garbage is collected.
    for (let run = 0; run < 3; run++) plain = Math.max(plain, await peak(runtime, child, "fetch", url));
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
