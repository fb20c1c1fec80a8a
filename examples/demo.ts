/**
 * Everything once, on this machine alone: serves a registry, builds an image from a directory, pushes it, pulls it back
 * as an OCI layout, compares the bytes and unpacks it.
 *
 *     deno task demo
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copy, emptyImage, type Image, image, layerOf, type Memory, memory } from "@gantry/oci";
import { unpack } from "@gantry/oci/rootfs";
import { server } from "@gantry/oci/server";
import { listen } from "../src/server/node.ts";

const greeting = "Hello from a crane on the quay.\n";
const repositories = new Map<string, Memory>();
const registry = await listen(server({
  repositories(name) {
    if (!repositories.has(name)) repositories.set(name, memory());
    return repositories.get(name)!;
  },
}));
const directory = await mkdtemp(join(tmpdir(), "gantry-demo-"));

try {
  console.log(`serving a registry at ${registry.url}`);
  await mkdir(join(directory, "dist/greetings"), { recursive: true });
  await writeFile(join(directory, "dist/app"), "#!/bin/sh\ncat /greetings/*\n", { mode: 0o755 });
  await writeFile(join(directory, "dist/greetings/en"), greeting);

  const built = emptyImage()
    .append(await layerOf(join(directory, "dist")))
    .configure({ cmd: ["/app"], labels: { "org.opencontainers.image.title": "demo" } });
  console.log("\nbuilt an image of a directory");
  await show(built);

  const name = `127.0.0.1:${registry.port}/demo/app:v1`;
  console.log(`\npushing it to ${name}`);
  await copy(built, name, {
    progress: (event) => event.type === "done" && console.log(`  ${event.how} ${event.descriptor.digest}`),
  });

  console.log("\npulling it back into an OCI layout");
  const layout = `oci:${join(directory, "images")}:app`;
  await copy(name, layout);
  const pulled = await image(layout);
  await show(pulled);

  assert.deepEqual(await bytesOf(pulled), await bytesOf(built));
  console.log("\nmanifest, config and layers are the same, byte for byte");

  const root = join(directory, "root");
  await unpack(pulled, root);
  assert.equal(await readFile(join(root, "greetings/en"), "utf8"), greeting);
  console.log("\nunpacked it; the greeting is there");
} finally {
  await rm(directory, { recursive: true, force: true });
  await registry.close();
}

async function show(what: Image): Promise<void> {
  const { digest, size } = await what.descriptor();
  const { config } = await what.manifest();
  console.log(`  manifest ${digest} ${size} bytes`);
  console.log(`  config   ${config.digest} ${config.size} bytes`);
  for (const layer of await what.layers()) {
    console.log(`  layer    ${await layer.digest()} ${await layer.size()} bytes`);
    for await (const entry of layer.entries()) console.log(`           ${entry.path}`);
  }
}

async function bytesOf(what: Image): Promise<Uint8Array[]> {
  const bytes: Uint8Array[] = [await what.rawManifest(), await what.rawConfigFile()];
  for (const layer of await what.layers()) {
    bytes.push(new Uint8Array(await new Response(await layer.compressed()).arrayBuffer()));
  }
  return bytes;
}
