/**
 * Unpacks an image again and again while another process puts links to a victim in the place of what is being made.
 *
 *     deno run -A tests/rootfs/unpack/swap.ts --seconds 60
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GantryError } from "../../../src/errors.ts";
import { unpack } from "../../../src/rootfs/mod.ts";
import type { TarItem } from "../../../src/tar/mod.ts";
import { inDirectory } from "../../support/directory.ts";
import { startScript } from "../../support/spawn.ts";
import { file } from "../../tar/tools.ts";
import { layerOf, see } from "./support.ts";

/** What came of it. */
export interface Swapped {
  unpacked: number;
  /** Those that ended in an error because something was not what it had been. */
  refused: number;
}

const names = ["a", "b", "c"];

/** Files in directories of names that the victim has too, changed by a second layer. */
function* items(content: string): Generator<TarItem> {
  for (const name of names) {
    yield { type: "directory", path: name, options: { mode: 0o711 } };
    yield { type: "directory", path: `${name}/${name}` };
    for (const leaf of ["hello", "content", "1", "2"]) yield file(`${name}/${name}/${leaf}`, content);
    yield { type: "symlink", path: `${name}/link`, linkname: "/victim" };
    yield { type: "hardlink", path: `${name}/hello`, linkname: `${name}/${name}/hello` };
  }
}

/** Unpacks for so long, amid swapping. */
export function swapWhileUnpacking(seconds: number): Promise<Swapped> {
  return inDirectory(async (outer) => {
    const victim = join(outer, "victim");
    for (const name of ["", ...names, "a/a", "b/b", "c/c"]) {
      mkdirSync(join(victim, name), { recursive: true });
    }
    for (const name of ["hello", "1", "2", "a/hello", "a/a/hello", "b/b/1", "root", "content"]) {
      writeFileSync(join(victim, name), "canary");
    }
    const before = see(victim);
    const target = join(outer, "root"), work = `${target}.incomplete`;
    const swapped = [
      work,
      ...["", "/a", "/a/a", "/b", "/c/c"].map((name) => `${work}/root${name}`),
      `${work}/content`,
      `${work}/content/0`,
      `${work}/content/1`,
    ];
    const { child, ended } = startScript(new URL("./swap_child.ts", import.meta.url), [victim, ...swapped]);
    await once(child.stdout!, "data");
    const result: Swapped = { unpacked: 0, refused: 0 };
    try {
      for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
        try {
          await unpack([layerOf([...items("1")]), layerOf([...items("2")])], target);
          result.unpacked++;
        } catch (error) {
          if (!GantryError.is(error, "conflict", "storage", "not-found")) throw error;
          result.refused++;
        }
        // What removes here would itself follow a link that comes in its way.
        process.kill(child.pid!, "SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, 5));
        assert.deepEqual(see(victim), before);
        for (const name of readdirSync(outer)) {
          if (name !== "victim") rmSync(join(outer, name), { recursive: true, force: true });
        }
        process.kill(child.pid!, "SIGCONT");
      }
    } finally {
      process.kill(child.pid!, "SIGKILL");
      await ended;
    }
    return result;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
  console.log(await swapWhileUnpacking(Number(values.seconds)));
}
