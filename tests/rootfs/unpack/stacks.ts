/** Random stacks of layers, unpacked and held against the model. `deno task fuzz:unpack` runs many. */

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { GantryError } from "../../../src/errors.ts";
import { emptyImage, type Layer } from "../../../src/image/mod.ts";
import { unpackLayers } from "../../../src/rootfs/mod.ts";
import { type Entry, type Files, Refused, type Thing, unpack as model } from "../../tree/model.ts";
import { layerOf, plain, stacks } from "../../tree/stacks.ts";
import { amidCanaries, see, type Seen, type Surroundings } from "./support.ts";

/** What is on a disk, as the model has it. */
function filesOf(seen: Map<string, Seen>): Files {
  const files: Files = new Map();
  const things = new Map<bigint, Thing>();
  for (const [path, { type, mode, content, ino }] of seen) {
    if (path === ".") continue;
    const isLink = type === "symlink";
    const thing = things.get(ino) ?? {
      type: type as Thing["type"],
      content: isLink ? "" : content,
      target: isLink ? content : "",
      mode: isLink ? 0o644 : mode,
    };
    if (type !== "directory") things.set(ino, thing);
    files.set(path, thing);
  }
  return files;
}

/** What an overlay of directories shows, the base first. */
function overlaid(directories: readonly string[]): Map<string, Seen> {
  const shown = new Map<string, Seen>();
  for (const directory of directories) {
    for (const [path, seen] of see(directory)) {
      const hides = seen.type !== "directory" || shown.get(path)?.type !== "directory";
      if (hides) { for (const below of shown.keys()) if (below.startsWith(`${path}/`)) shown.delete(below); }
      if (seen.type === "device") shown.delete(path);
      else shown.set(path, seen);
    }
  }
  return shown;
}

async function layersOf(stack: readonly Layer[], directory: string): Promise<Files> {
  const image = stack.reduce((image, layer) => image.append(layer), emptyImage());
  const { layers } = await unpackLayers(image, directory);
  const files = filesOf(overlaid(layers.map(({ path }) => join(directory, path))));
  rmSync(directory, { recursive: true });
  return files;
}

/** The property: a stack unpacked is the model's file system, or both refuse it. Tells which. */
async function holds(
  stack: Entry[][],
  { root, unpack }: Surroundings,
  overlay: boolean,
): Promise<"unpacked" | "refused"> {
  const layers = stack.map(layerOf);
  let expected: Files;
  try {
    expected = model(stack);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await assert.rejects(unpack(layers), (thrown) => GantryError.is(thrown, "invalid-archive"));
    return "refused";
  }
  const { skipped } = await unpack(layers);
  assert.deepEqual(skipped, []);
  assert.deepEqual(plain(filesOf(see(root))), plain(expected));
  rmSync(root, { recursive: true });
  if (overlay) assert.deepEqual(plain(await layersOf(layers, root)), plain(expected));
  return "unpacked";
}

/** Checks the property for many stacks, for each tenth as an overlay too. Tells how many there were of each kind. */
export async function check(count: number, seed: number): Promise<Record<"unpacked" | "refused", number>> {
  const tally = { unpacked: 0, refused: 0 };
  let runs = 0;
  await amidCanaries(async (surroundings) => {
    const property = fc.asyncProperty(
      stacks,
      async (stack) => void tally[await holds(stack, surroundings, runs++ % 10 === 0)]++,
    );
    await fc.assert(property, { numRuns: count, seed });
  });
  return tally;
}
