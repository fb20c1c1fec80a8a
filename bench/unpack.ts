/**
 * Races `gantry unpack` against umoci: `deno task bench:unpack`. Contestants take turns, in another order each round; the
 * table has medians in milliseconds, and how many times as long as ours each took. It needs `dist/gantry`, which `deno
 * task build` makes, umoci, and the superuser.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { copy, emptyImage, type Image, layer } from "../mod.ts";
import { type TarItem, writeTar } from "../src/tar/mod.ts";
import { randomBytes } from "../src/testing/content.ts";
import { machine, median } from "./run.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const rounds = Number(process.env["ROUNDS"] ?? 5);
const scratch = mkdtempSync(join(tmpdir(), "gantry-bench-"));
const executable = join(root, "dist/gantry");
if (!existsSync(executable)) throw new Error("dist/gantry is missing: deno task build");

const contestants: Record<string, (name: string, out: string) => string> = {
  gantry: (name, out) => `${executable} unpack oci:${scratch}/images:${name} ${out}`,
  "gantry in Deno": (name, out) =>
    `deno run -A ${root}src/cli/main.ts unpack oci:${scratch}/images:${name} ${out}`,
  "gantry --layers": (name, out) => `${executable} unpack --layers oci:${scratch}/images:${name} ${out}`,
  "umoci unpack": (name, out) => `umoci unpack --image ${scratch}/images:${name} ${out}`,
  "umoci raw unpack": (name, out) => `umoci raw unpack --image ${scratch}/images:${name} ${out}`,
};

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

function time(command: string): number {
  const start = performance.now();
  const { status, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  const took = performance.now() - start;
  if (status !== 0) throw new Error(`${command} exits with ${status}: ${stderr}`);
  return took;
}

try {
  await copy(image(5, 88, 1_000_000), `oci:${scratch}/images:large`);
  await copy(image(4, 8_500, 2_000), `oci:${scratch}/images:small`);
  const names = Object.keys(contestants);
  console.log(`### unpacking: ${machine()}\n`);
  console.log(`The median of ${rounds} runs in milliseconds, and in brackets that ÷ ours.\n`);
  for (const row of [["", ...names], ["", ...names].map(() => "---")]) console.log(`| ${row.join(" | ")} |`);
  for (
    const [name, job] of [["large", "440 MB in 5 layers"], ["small", "34,000 files of 2 kB in 4 layers"]]
  ) {
    const times = new Map(names.map((label) => [label, [] as number[]]));
    for (let round = -1; round < rounds; round++) {
      for (let turn = 0; turn < names.length; turn++) {
        const label = names[(round + 1 + turn) % names.length]!;
        const out = join(scratch, "out");
        const took = time(contestants[label]!(name!, out));
        rmSync(out, { recursive: true });
        // What was written is flushed now, and not while another is being timed.
        spawnSync("sync", ["-f", scratch]);
        if (round >= 0) times.get(label)!.push(took);
      }
    }
    const ours = median(times.get("gantry")!);
    const cells = names.map((label) => {
      const took = median(times.get(label)!);
      return `${took.toFixed(0)} (${(took / ours).toFixed(2)})`;
    });
    console.log(`| ${[job, ...cells].join(" | ")} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
