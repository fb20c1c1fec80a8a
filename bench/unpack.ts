/**
 * Races `gantry unpack` against umoci and, from a registry, against containerd: `deno task bench:unpack [JOB…]`. Contestants
 * take turns, in another order each round; the table has medians in milliseconds, and how many times as long as ours each
 * took; a bar that is missed makes the process fail. It needs `dist/gantry`, which `deno task build` makes, umoci,
 * containerd, docker-registry, and the superuser.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { copy, emptyImage, type Image, layer } from "../mod.ts";
import { type TarItem, writeTar } from "../src/tar/mod.ts";
import { randomBytes } from "../src/testing/content.ts";
import { withContainerd } from "../tests/interop/archive_daemons.ts";
import { startDockerRegistry } from "../tests/interop/docker_registry.ts";
import { machine, median } from "./run.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const rounds = Number(process.env["ROUNDS"] ?? 5);
const scratch = mkdtempSync(join(tmpdir(), "gantry-bench-"));
/** The images to unpack are kept in this layout from run to run, if it is named. */
const images = process.env["IMAGES"] ?? join(scratch, "images");
const executable = join(root, "dist/gantry");
if (!existsSync(executable)) throw new Error("dist/gantry is missing: deno task build");

/** Does a job once, into a directory that is not there. */
type Contestant = (out: string) => void | Promise<void>;

interface Job {
  title: string;
  contestants: Record<string, Contestant>;
  /** How many times as long as ours somebody takes, at least. */
  bars: Record<string, number>;
}

/** Those that unpack from a layout. */
function fromLayout(name: string): Record<string, Contestant> {
  const ours = `oci:${images}:${name}`, theirs = `--image ${images}:${name}`;
  return {
    "gantry": (out) => run(`${executable} unpack ${ours} ${out}`),
    "gantry in Deno": (out) => run(`deno run -A ${root}src/cli/main.ts unpack ${ours} ${out}`),
    "gantry --layers": (out) => run(`${executable} unpack --layers ${ours} ${out}`),
    "umoci unpack": (out) => run(`umoci unpack ${theirs} ${out}`),
    "umoci raw unpack": (out) => run(`umoci raw unpack ${theirs} ${out}`),
  };
}

/** Those that fetch an image from a registry too. containerd has it mounted in the end, and nothing of it in the beginning. */
function fromRegistry(name: string, ctr: (...args: string[]) => Promise<string>): Record<string, Contestant> {
  return {
    "gantry": (out) => run(`${executable} unpack ${name} ${out}`),
    "gantry, in a store": (out) => run(`${executable} --store ${out} unpack ${name}`),
    "ctr pull and mount": async (out) => {
      mkdirSync(out);
      await ctr("images", "pull", ...local, "--plain-http", "--snapshotter", "native", name);
      await ctr("images", "mount", "--snapshotter", "native", name, out);
    },
  };
}

/** Without the transfer service, which older ones do not have. */
const local = spawnSync("ctr", ["images", "pull", "--help"], { encoding: "utf8" }).stdout?.includes("--local")
  ? ["--local"]
  : [];

/** An image whose files compress to half, as programs do. */
function image(layers: number, files: number, size: number): Image {
  let made = emptyImage();
  for (let i = 0; i < layers; i++) made = made.append(layer(() => writeTar(items(i, files, size))));
  return made.configure({ cmd: ["/bin/sh"] });
}

function* items(layer: number, files: number, size: number): Generator<TarItem> {
  const random = randomBytes(size, layer);
  for (let i = 0; i < files; i++) {
    const bytes = random.map((byte, at) => at % 8 < 4 ? byte ^ i : 32);
    const path = `usr/share/${layer}/${i % 97}/file-${i}`;
    yield {
      type: "file",
      path,
      size,
      readable: new Blob([bytes]).stream(),
      options: { mtime: 1_700_000_000 },
    };
  }
}

function run(command: string): void {
  const { status, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} exits with ${status}: ${stderr}`);
}

/** Lets the contestants take turns; `clean` removes what one of them has left. */
async function race({ title, contestants, bars }: Job, clean: (out: string) => Promise<void>): Promise<void> {
  const names = Object.keys(contestants);
  const times = new Map(names.map((label) => [label, [] as number[]]));
  const out = join(scratch, "out");
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const label = names[(round + 1 + turn) % names.length]!;
      const start = performance.now();
      await contestants[label]!(out);
      const took = performance.now() - start;
      await clean(out);
      // What was written is flushed now, and not while another is being timed.
      spawnSync("sync", ["-f", scratch]);
      if (round >= 0) times.get(label)!.push(took);
    }
  }
  const ours = median(times.get("gantry")!);
  const cells = names.map((label) => {
    const took = median(times.get(label)!);
    const bar = bars[label];
    if (bar !== undefined && took / ours < bar) process.exitCode = 1;
    return `${took.toFixed(0)} (${(took / ours).toFixed(2)}${
      bar === undefined ? "" : `, ≥ ${bar.toFixed(1)}`
    })`;
  });
  for (const row of [["", ...names], ["", ...names].map(() => "---"), [title, ...cells]]) {
    console.log(`| ${row.join(" | ")} |`);
  }
  console.log();
}

async function remove(out: string): Promise<void> {
  await rm(out, { recursive: true });
}

const asked = process.argv.slice(2);
const wants = (job: string) => asked.length === 0 || asked.includes(job);

try {
  if (!existsSync(images)) {
    await copy(image(5, 88, 1_000_000), `oci:${images}:large`);
    await copy(image(4, 8_500, 2_000), `oci:${images}:small`);
  }
  console.log(`### unpacking: ${machine()}\n`);
  console.log(`The median of ${rounds} runs in milliseconds, and in brackets that ÷ ours.\n`);
  if (wants("large")) {
    const bars = { "umoci unpack": 2 };
    await race({ title: "440 MB in 5 layers", contestants: fromLayout("large"), bars }, remove);
  }
  if (wants("small")) {
    const [title, bars] = ["34,000 files of 2 kB in 4 layers", { "umoci unpack": 1.5 }];
    await race({ title, contestants: fromLayout("small"), bars }, remove);
  }
  if (wants("registry")) {
    const registry = await startDockerRegistry();
    const name = `${registry.host}/bench/large:v1`;
    try {
      await copy(`oci:${images}:large`, name);
      await withContainerd(async (_, ctr) => {
        const title = "440 MB in 5 layers, from a registry", bars = { "ctr pull and mount": 1 };
        await race({ title, contestants: fromRegistry(name, ctr), bars }, async (out) => {
          if (spawnSync("mountpoint", ["-q", out]).status === 0) {
            await ctr("images", "unmount", "--rm", "--snapshotter", "native", out);
            await ctr("images", "rm", "--sync", name);
          }
          await remove(out);
        });
      });
    } finally {
      await registry.stop();
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
