import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { layout } from "../../src/layout/mod.ts";
import { collect, inDirectory, start } from "./support.ts";

describe("several processes", () => {
  it("lose no name of each other, and no manifest without one", () =>
    inDirectory(async (directory) => {
      const letters = ["a", "b", "c", "d"];
      const children = letters.map((letter) => start("./tag_child.ts", directory, letter, "8"));
      for (const child of children) await child.done();
      const names = letters.flatMap((letter) => Array.from({ length: 8 }, (_, n) => `${letter}-${n}`)).sort();
      const there = layout(directory);
      assert.deepEqual(await collect(there.names()), names);
      // Each has made one manifest without a name, and given up one name that all fought for.
      assert.equal((await collect(there.roots())).length, names.length + letters.length);
      JSON.parse(await readFile(join(directory, "index.json"), "utf8"));
      for (const name of names) await there.resolve(name, { document: true });
    }));

  it("make one layout when they all begin it at once", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "new", "layout");
      const children = ["a", "b", "c"].map((letter) => start("./tag_child.ts", path, letter, "1"));
      for (const child of children) await child.done();
      assert.deepEqual(await collect(layout(path).names()), ["a-0", "b-0", "c-0"]);
    }));

  it("that compare before they name let one win", () =>
    inDirectory(async (directory) => {
      const children = ["a", "b", "c", "d"].map((letter) =>
        start("./tag_child.ts", directory, letter, "compare")
      );
      const outcomes = [];
      for (const child of children) outcomes.push((await child.done()).trim());
      assert.deepEqual(outcomes.sort(), ["lost", "lost", "lost", "won"]);
    }));
});
