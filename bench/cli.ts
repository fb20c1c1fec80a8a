/**
 * Races the command against crane, oras, regctl and skopeo, whichever is installed, as whole processes over Debian's
 * `docker-registry`: `deno task bench:cli [JOB…]`. Contestants take turns, in another order each round; the table has
 * medians in milliseconds, and how many times as long as crane each took. It needs `dist/gantry`, which `deno task build`
 * makes.
 *
 * @module
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Bytes, copy, emptyImage, type Image, layer } from "../mod.ts";
import { streamOfPieces } from "../src/bytes.ts";
import { writeTar } from "../src/tar/mod.ts";
import { randomBytes } from "../src/testing/content.ts";
import { startDockerRegistry } from "../tests/interop/docker_registry.ts";
import { has, mixed } from "./data.ts";
import { machine, median } from "./run.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const rounds = Number(process.env["ROUNDS"] ?? 9);
const scratch = mkdtempSync(join(tmpdir(), "gantry-bench-"));
const appended = join(scratch, "append.tar");
const executable = join(root, "dist/gantry");
if (!existsSync(executable)) throw new Error("dist/gantry is missing: deno task build");

/** How each of them is called. */
const programs: Record<string, string> = {
  gantry: executable,
  "gantry in Deno": `deno run -A ${root}src/cli/main.ts`,
  "gantry in Bun": `bun ${root}src/cli/main.ts`,
  "gantry in Node": `node ${root}src/cli/main.ts`,
};

/** What is raced: a command for each contestant, in which `OUT` is a new path and `NEW` a new repository. */
interface Job {
  name: string;
  /** Arguments of ours. */
  gantry: string;
  /** Whole commands of others, by what they are called in the table. */
  others: Record<string, string>;
}

/** An image with layers that hardly compress, as those of real images once they are compressed. */
function image(layers: number, size: number): Image {
  let made = emptyImage();
  for (let i = 0; i < layers; i++) {
    const bytes = randomBytes(size, i);
    const tar = () =>
      writeTar([{ type: "file", path: `data-${i}`, size, readable: new Blob([bytes]).stream() }]);
    made = made.append(layer(tar, { compression: "gzip" }));
  }
  return made;
}

/** A tar of one file of so many bytes, which are those of programs and texts, from the `start`th on and round. */
function realTar(bytes: Bytes, start: number, size: number): ReadableStream<Bytes> {
  const around = async function* () {
    for (let at = start, left = size; left > 0;) {
      const from = at % bytes.length;
      const piece = bytes.slice(from, from + Math.min(left, 65536));
      at += piece.length;
      left -= piece.length;
      yield piece;
    }
  };
  return writeTar([{ type: "file", path: "file", size, readable: streamOfPieces(around()) }]);
}

/** An image of five layers of 88 MB, which compress as those of real images do. */
function realImage(bytes: Bytes): Image {
  let made = emptyImage();
  for (let i = 0; i < 5; i++) {
    made = made.append(layer(() => realTar(bytes, i * 17_000_000, 88_000_000), { workers: "auto" }));
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

function jobs(host: string, other: string): Job[] {
  const [large, many] = [`${host}/large:v1`, `${host}/many:v1`];
  const pull = (image: string): Record<string, string> => ({
    crane: `crane pull --format oci ${image} OUT`,
    "crane, sync -f": `crane pull --format oci ${image} OUT && sync -f OUT`,
    oras: `oras copy --from-plain-http --to-oci-layout ${image} OUT:v1`,
    regctl: `regctl image copy --host reg=${host},tls=disabled ${image} ocidir://OUT:v1`,
    skopeo: `skopeo copy --src-tls-verify=false docker://${image} oci:OUT:v1`,
  });
  const layoutDirectory = join(scratch, "layout");
  return [
    { name: "version", gantry: "version", others: { crane: "crane version" } },
    { name: "digest", gantry: `digest ${large}`, others: { crane: `crane digest ${large}` } },
    { name: "pull to a layout", gantry: `pull --format oci ${large} OUT`, others: pull(large) },
    { name: "pull, 60 layers", gantry: `pull --format oci ${many} OUT`, others: pull(many) },
    {
      name: "pull as tarball",
      gantry: `pull ${large} OUT`,
      others: {
        crane: `crane pull ${large} OUT`,
        skopeo: `skopeo copy --src-tls-verify=false docker://${large} docker-archive:OUT`,
      },
    },
    {
      name: "push the layout",
      gantry: `push ${layoutDirectory} ${host}/NEW:v1`,
      others: {
        crane: `crane push ${layoutDirectory} ${host}/NEW:v1`,
        oras: `oras copy --to-plain-http --from-oci-layout ${layoutDirectory}:v1 ${host}/NEW:v1`,
        regctl:
          `regctl image copy --host reg=${host},tls=disabled ocidir://${layoutDirectory}:v1 ${host}/NEW:v1`,
        skopeo: `skopeo copy --dest-tls-verify=false oci:${layoutDirectory}:v1 docker://${host}/NEW:v1`,
      },
    },
    {
      name: "copy between repositories",
      gantry: `copy ${large} ${host}/NEW:v1`,
      others: { crane: `crane copy ${large} ${host}/NEW:v1` },
    },
    {
      name: "copy between registries",
      gantry: `copy ${large} ${other}/NEW:v1`,
      others: { crane: `crane copy ${large} ${other}/NEW:v1` },
    },
    {
      name: "validate",
      gantry: `validate --remote ${large}`,
      others: { crane: `crane validate --remote ${large}` },
    },
    {
      name: "export",
      gantry: `export ${host}/real:v1 OUT`,
      others: { crane: `crane export ${host}/real:v1 OUT` },
    },
    {
      name: "flatten",
      gantry: `flatten -q ${host}/real:v1 -t ${host}/NEW:v1`,
      others: { crane: `crane flatten ${host}/real:v1 -t ${host}/NEW:v1` },
    },
    // crane has nothing for this but to export it all.
    {
      name: "cat from eStargz",
      gantry: `cat ${host}/lazy:v1 last`,
      others: { crane: `crane export ${host}/lazy:v1 OUT` },
    },
    {
      name: "validate, 440 MB in 5 layers",
      gantry: `validate --remote ${host}/real:v1`,
      others: { crane: `crane validate --remote ${host}/real:v1` },
    },
    {
      name: "append a tar of 150 MB",
      gantry: `append -q -f ${appended} -t ${host}/NEW:v1`,
      others: { crane: `crane append -f ${appended} -t ${host}/NEW:v1` },
    },
  ];
}

let count = 0;
/** Runs one contestant once, and gives how many milliseconds it took. */
async function time(command: string): Promise<number> {
  const out = join(scratch, `out-${++count}`);
  const line = command.replaceAll("OUT", out).replaceAll("NEW", `new-${count}`);
  const words = line.includes("&&") ? ["sh", "-c", line] : line.split(" ");
  const start = performance.now();
  const child = spawn(words[0]!, words.slice(1), { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr!.on("data", (data) => said += data);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const took = performance.now() - start;
  rmSync(out, { recursive: true, force: true });
  // What was written is flushed now, and not while another is being timed.
  spawnSync("sync", ["-f", scratch]);
  if (code !== 0) throw new Error(`${line} exits with ${code}: ${said}`);
  return took;
}

async function race({ name, gantry, others }: Job): Promise<string[]> {
  const contestants = new Map<string, string>();
  for (const [label, command] of Object.entries(others)) {
    if (has(command.split(" ")[0]!)) contestants.set(label, command);
  }
  for (const [label, program] of Object.entries(programs)) {
    if (has(program.split(" ")[0]!)) contestants.set(label, `${program} ${gantry}`);
  }
  const entries = [...contestants];
  const times = new Map(entries.map(([label]) => [label, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [label, command] = entries[(round + 1 + turn) % entries.length]!;
      const took = await time(command);
      if (round >= 0) times.get(label)!.push(took);
    }
  }
  const crane = median(times.get("crane") ?? [NaN]);
  const cell = (label: string) => {
    const all = times.get(label);
    return all ? `${median(all).toFixed(0)} (${(median(all) / crane).toFixed(2)})` : "";
  };
  return [name, ...columns.map(cell)];
}

const columns = ["crane", "crane, sync -f", "oras", "regctl", "skopeo", ...Object.keys(programs)];
const [registry, other] = [await startDockerRegistry(), await startDockerRegistry()];
try {
  await copy(image(5, 24_000_000), `${registry.host}/large:v1`);
  await copy(image(60, 100_000), `${registry.host}/many:v1`);
  await copy(lazyImage(), `${registry.host}/lazy:v1`);
  await copy(`${registry.host}/large:v1`, `oci:${join(scratch, "layout")}:v1`);
  const real = mixed(100_000_000);
  await copy(realImage(real), `${registry.host}/real:v1`);
  await writeFile(appended, realTar(real, 0, 150_000_000));
  const asked = process.argv.slice(2);
  console.log(`### the command: ${machine()}\n`);
  console.log(`The median of ${rounds} runs in milliseconds, and in brackets that ÷ crane's.\n`);
  for (const row of [["", ...columns], ["", ...columns].map(() => "---")]) {
    console.log(`| ${row.join(" | ")} |`);
  }
  for (const job of jobs(registry.host, other.host)) {
    if (asked.length > 0 && !asked.some((word) => job.name.includes(word))) continue;
    console.log(`| ${(await race(job)).join(" | ")} |`);
  }
} finally {
  await Promise.all([registry.stop(), other.stop()]);
  rmSync(scratch, { recursive: true, force: true });
}
