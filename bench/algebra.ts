/**
 * Races what the executable does with whole images against crane, over Debian's `docker-registry`: `deno task
 * bench:algebra [JOB…]`. The two take turns; a ratio is how many times as long crane takes, and a bar that is missed makes
 * the process fail. It needs `dist/gantry`, which `deno task build` makes.
 *
 * @module
 */

import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type Bytes, copy, emptyImage, type Image, layer } from "../mod.ts";
import { streamOfPieces } from "../src/bytes.ts";
import { type TarItem, writeTar } from "../src/tar/mod.ts";
import { randomBytes } from "../src/testing/content.ts";
import { startDockerRegistry } from "../tests/interop/docker_registry.ts";
import { executable, type Job, medianOf, raceCommands, scratch } from "./commands.ts";
import { mixed } from "./data.ts";

const rounds = Number(process.env["ROUNDS"] ?? 5);
const appended = join(scratch, "append.tar");

/** How many times as long crane is to take. */
const bars: Record<string, number> = {
  "validate, 440 MB in 5 layers": 5,
  "export of it": 3,
  "flatten of it": 3,
  "append a tar of 150 MB": 3,
};

/** A tar of files of one size, whose bytes are those of programs and texts, from the `start`th on and round. */
function realTar(bytes: Bytes, start: number, count: number, size: number): ReadableStream<Bytes> {
  const around = async function* (at: number) {
    for (let left = size; left > 0;) {
      const from = at % bytes.length;
      const piece = bytes.slice(from, from + Math.min(left, 65536));
      at += piece.length;
      left -= piece.length;
      yield piece;
    }
  };
  const items = function* (): Generator<TarItem> {
    for (let i = 0; i < count; i++) {
      const path = `usr/${start}/${Math.floor(i / 100)}/file-${i}`;
      yield { type: "file", path, size, readable: streamOfPieces(around(start + i * size)) };
    }
  };
  return writeTar(items());
}

/** Five layers of 88 MB, which compress as those of real images do: 34,000 small files, 800 larger ones, and one. */
function realImage(bytes: Bytes): Image {
  const files = [[34_000, 2048], [400, 220_000], [1, 88_000_000], [400, 220_000], [80, 1_100_000]] as const;
  let made = emptyImage();
  for (const [i, [count, size]] of files.entries()) {
    made = made.append(layer(() => realTar(bytes, i * 17_000_000, count, size), { workers: "auto" }));
  }
  return made;
}

/** A layer of 100 MB, each file of which can be read by itself. */
function lazyImage(): Image {
  const large = new Blob([randomBytes(100_000_000, 1)]);
  const last = new Blob(["last"]);
  const items = () => [
    { type: "file", path: "large", size: large.size, readable: large.stream() } as const,
    { type: "file", path: "last", size: last.size, readable: last.stream() } as const,
  ];
  return emptyImage().append(layer(() => writeTar(items()), { estargz: true }));
}

/** A job for both; crane's command is ours unless it has another. */
function job(name: string, command: string, other = command): Job {
  return { name, commands: { crane: `crane ${other}`, gantry: `${executable} ${command}` } };
}

function jobs(host: string): Job[] {
  return [
    job("validate, 440 MB in 5 layers", `validate --remote ${host}/real:v1`),
    job("export of it", `export ${host}/real:v1 OUT`),
    job("flatten of it", `flatten ${host}/real:v1 -t ${host}/NEW:v1`),
    job("append a tar of 150 MB", `append -f ${appended} -t ${host}/NEW:v1`),
    // crane has nothing for this but to export it all.
    job("a file of an eStargz layer of 100 MB", `cat ${host}/lazy:v1 last`, `export ${host}/lazy:v1 OUT`),
  ];
}

function cell(column: string, times: ReadonlyMap<string, readonly number[]>, name: string): string {
  const [crane, gantry] = [medianOf(times, "crane"), medianOf(times, "gantry")];
  if (column !== "crane ÷ gantry") return (column === "crane" ? crane : gantry).toFixed(0);
  const ratio = crane / gantry, bar = bars[name];
  if (bar === undefined) return ratio.toFixed(2);
  if (ratio < bar) process.exitCode = 1;
  return `${ratio.toFixed(2)} (${ratio < bar ? "missed" : "≥"} ${bar})`;
}

const registry = await startDockerRegistry();
try {
  const real = mixed(100_000_000);
  await copy(realImage(real), `${registry.host}/real:v1`);
  await copy(lazyImage(), `${registry.host}/lazy:v1`);
  await writeFile(appended, realTar(real, 0, 1, 150_000_000));
  const told = `The median of ${rounds} runs in milliseconds; the bars in brackets.`;
  const columns = ["crane ÷ gantry", "crane", "gantry"];
  await raceCommands("image algebra", told, { jobs: jobs(registry.host), columns, rounds, cell });
} finally {
  await registry.stop();
  rmSync(scratch, { recursive: true, force: true });
}
