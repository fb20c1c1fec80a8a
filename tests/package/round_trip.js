// Pushes an image to a registry of its own, pulls and unpacks it with the command, and compares: for run.ts, which copies it into a
// project. The arguments are what runs a file there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { copy, emptyImage, layer, layout, memory, validate } from "@gantry/oci";
import { openImage } from "@gantry/oci/image";
import { server } from "@gantry/oci/server";
import { listen } from "@gantry/oci/server/node";
import { writeTar } from "@gantry/oci/tar";

const [program, ...before] = process.argv.slice(2);
const gantry = join(import.meta.dirname ?? ".", "../node_modules/@gantry/oci/src/cli/main.js");
const run = async (...args) =>
  (await promisify(execFile)(program, [...before, gantry, ...args])).stdout.trim();

const repositories = new Map();
const repository = (name) => repositories.get(name) ?? repositories.set(name, memory()).get(name);
const listening = await listen(server({ repositories: repository }));
const directory = await mkdtemp(join(tmpdir(), "gantry-round-trip-"));
try {
  const host = new URL(listening.url).host;
  const text = new TextEncoder().encode("hello\n");
  const tar = () =>
    writeTar([{ type: "file", path: "hello", size: text.length, readable: new Blob([text]).stream() }]);
  const image = emptyImage().append(layer(tar)).append(layer(tar, { compression: "zstd" }));
  const { descriptor } = await copy(image, `${host}/app:v1`);
  assert.equal(await run("digest", `${host}/app:v1`), descriptor.digest);
  await run("pull", "--format", "oci", `${host}/app:v1`, `oci:${directory}:v1`);
  const pulled = await openImage(layout(directory), "v1");
  assert.equal(await pulled.digest(), descriptor.digest);
  assert.deepEqual(await validate(pulled), []);
  await run("validate", "--remote", `oci:${directory}:v1`);
  await run("unpack", `oci:${directory}:v1`, join(directory, "root"));
  assert.equal(await readFile(join(directory, "root/hello"), "utf8"), "hello\n");
  console.log(await run("version"));
} finally {
  await listening.close();
  await rm(directory, { recursive: true, force: true });
}
