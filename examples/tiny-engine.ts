/**
 * Runs a command in an image, as a container engine begins: what is not in `./engine` is pulled and unpacked, one directory
 * a layer, and mounted with a directory for what the command writes. Linux, as the superuser.
 *
 *     deno run -A examples/tiny-engine.ts alpine:3.20 cat /etc/os-release
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { image, openPlace, place } from "@gantry/oci";
import { unpackLayers } from "@gantry/oci/rootfs";

const [name = "alpine:3.20", ...words] = process.argv.slice(2);
const directory = "engine";
const file = join(directory, "images.json");

/** What is here: of each name the digest in its registry, and the ID of the image. */
type Images = Record<string, { digest: string; id: string }>;

async function known(): Promise<Images> {
  return JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Images;
}

async function remember(images: Images): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(images, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** The ID of an image that is here afterwards. */
async function pull(): Promise<string> {
  const there = place(name);
  const { digest } = (await there.target.resolve(there.name!)).descriptor;
  const images = await known();
  if (images[name]?.digest === digest) return images[name].id;
  const pulled = await image(await openPlace(name));
  const id = (await pulled.configName()).slice("sha256:".length, "sha256:".length + 12);
  const here = join(directory, "images", id);
  await rm(here, { recursive: true, force: true });
  const { skipped } = await unpackLayers(pulled, here);
  for (const { path, reason } of skipped) console.error(`without ${path}: ${reason}`);
  await writeFile(join(here, "manifest.json"), await pulled.rawManifest());
  await writeFile(join(here, "config.json"), await pulled.rawConfigFile());
  await remember({ ...await known(), [name]: { digest, id } });
  return id;
}

/** Runs the command, or the image's own, over its layers; returns its exit code. */
async function run(id: string): Promise<number> {
  const here = join(process.cwd(), directory, "images", id);
  const layers = JSON.parse(await readFile(join(here, "layers.json"), "utf8")) as { path: string }[];
  const { config = {} } = JSON.parse(await readFile(join(here, "config.json"), "utf8"));
  const own = await mkdtemp(join(process.cwd(), directory, "run-"));
  const [upper, work, root] = ["upper", "work", "root"].map((part) => join(own, part)) as [
    string,
    string,
    string,
  ];
  for (const path of [upper, work, root]) await mkdir(path);
  const lower = layers.toReversed().map(({ path }) => join(here, path)).join(":");
  const script = 'mount -t overlay -o "$0" overlay "$1" && cd "$1" && shift && exec chroot . "$@"';
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const command = words.length > 0 ? words : [...config.Entrypoint ?? [], ...config.Cmd ?? []];
  try {
    const args = ["--mount", "--pid", "--fork", "sh", "-c", script, options, root, ...command];
    return spawnSync("unshare", args, { stdio: "inherit", env: { PATH: "/bin:/usr/bin:/sbin:/usr/sbin" } })
      .status ?? 1;
  } finally {
    await rm(own, { recursive: true });
  }
}

process.exitCode = await run(await pull());
