/**
 * Runs a command in an image, as a container engine begins: what is not in `./engine` is pulled and unpacked, one directory
 * a layer, and mounted with a directory for what the command writes. Linux, as the superuser.
 *
 *     deno run -A examples/tiny-engine.ts alpine:3.20 cat /etc/os-release
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { place } from "@gantry/oci";
import { type PulledImage, unpackedImages } from "@gantry/oci/images";
import { store } from "@gantry/oci/store";

const [name = "alpine:3.20", ...words] = process.argv.slice(2);
const engine = resolve("engine");

/** Runs the command, or the image's own, over its layers; returns its exit code. */
async function run({ directory, layers }: PulledImage): Promise<number> {
  const { config = {} } = JSON.parse(await readFile(join(directory, "config.json"), "utf8"));
  const own = await mkdtemp(join(engine, "run-"));
  const [upper, work, root] = [join(own, "upper"), join(own, "work"), join(own, "root")] as const;
  for (const path of [upper, work, root]) await mkdir(path);
  const lower = layers.toReversed().map(({ path }) => path).join(":");
  const script = 'mount -t overlay -o "$0" overlay "$1" && cd "$1" && shift && exec chroot . "$@"';
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const command = words.length > 0 ? words : [...config.Entrypoint ?? [], ...config.Cmd ?? []];
  try {
    const args = ["--mount", "--pid", "--fork", "sh", "-c", script, options, root, ...command];
    const env = { PATH: "/bin:/usr/bin:/sbin:/usr/sbin" };
    return spawnSync("unshare", args, { cwd: directory, stdio: "inherit", env }).status ?? 1;
  } finally {
    await rm(own, { recursive: true });
  }
}

await using there = store(engine);
const image = await unpackedImages(there).pull(place(name).target, name);
for (const { path, reason } of image.skipped) console.error(`without ${path}: ${reason}`);
process.exitCode = await run(image);
