/**
 * Three processes pull, remove and prune images of one store, and one of them is killed, again and again at random moments:
 * what has a name is whole, the next calls succeed, and nothing is left that nobody needs.
 *
 *     deno run -A tests/crash/images_kill.ts [--kills 100] [--seed 1]
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, filesLayer } from "../../src/image/mod.ts";
import { unpackedImages } from "../../src/images/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { store } from "../../src/store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { inDirectory } from "../support/directory.ts";
import { startScript } from "../support/spawn.ts";

const files = 40;
const child = new URL("./images_child.ts", import.meta.url);

/** Kills so many times; tells how many images were unpacked when it was looked, and how many had been left behind. */
export async function killEngines(
  outer: string,
  { kills, seed }: { kills: number; seed: number },
): Promise<{ kills: number; unpacked: number; left: number }> {
  const [directory, source] = [join(outer, "engine"), join(outer, "layout")];
  // Two of the names stand for the same image.
  for (const [i, text] of ["one", "one", "two"].entries()) {
    const content = Object.fromEntries(
      Array.from({ length: files }, (_, n) => [`f/${n}`, text.repeat(1000)]),
    );
    const image = emptyImage().append(filesLayer(content, { compression: "none" }));
    await copy(image, layout(source), { name: `v${i}` });
  }
  const report = { kills: 0, unpacked: 0, left: 0 };
  const dice = randomBytes(kills, seed);
  for (; report.kills < kills; report.kills++) {
    const started = [0, 1, 2].map((n) =>
      startScript(child, [directory, source, `${seed * 1000 + report.kills * 3 + n}`, "8"])
    );
    await once(started[0]!.child.stdout!, "data");
    await new Promise((resolve) => setTimeout(resolve, dice[report.kills]!));
    started[0]!.child.kill("SIGKILL");
    const [, ...others] = await Promise.all(started.map(({ ended }) => ended));
    for (const { code, stderr } of others) assert.equal(code, 0, stderr);
    await using there = store(directory);
    const images = unpackedImages(there);
    for (const { name, directory } of await images.list()) {
      report.unpacked++;
      checkWhole(directory, name);
    }
    report.left += (await images.prune()).length;
    const named = new Set((await images.list()).map(({ id }) => id));
    const path = join(directory, "images");
    const onDisk = existsSync(path) ? readdirSync(path).filter((name) => !name.endsWith(".json")) : [];
    assert.deepEqual(onDisk.filter((name) => name !== ".gantry").sort(), [...named].sort());
    for (const name of ["v0", "v1", "v2"]) {
      const pulled = await images.pull(layout(source), `localhost/app:${name}`, { name });
      checkWhole(pulled.directory, pulled.name);
    }
  }
  return report;
}

function checkWhole(directory: string, name: string): void {
  const [layer] = JSON.parse(readFileSync(join(directory, "layers.json"), "utf8")) as { path: string }[];
  const text = name.endsWith("v2") ? "two" : "one";
  for (let n = 0; n < files; n++) {
    assert.equal(readFileSync(join(directory, layer!.path, "f", `${n}`), "utf8"), text.repeat(1000), name);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
  const [kills, seed] = [Number(values.kills ?? 100), Number(values.seed ?? 1)];
  console.log(await inDirectory((outer) => killEngines(outer, { kills, seed })));
}
