import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { commands } from "../../src/cli/commands.ts";
import type { CommandContext } from "../../src/cli/context.ts";
import { addGlobalOptions } from "../../src/cli/support/options.ts";

describe("the list of commands", () => {
  it("loads each file in commands/ for one command", async () => {
    const modules = new Set<unknown>();
    for (const { load, path } of commands) {
      if (!load) continue;
      const loaded = await load();
      assert.equal(typeof loaded.define, "function", path);
      modules.add(loaded);
    }
    const directory = fileURLToPath(new URL("../../src/cli/commands", import.meta.url));
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
    assert.equal(modules.size, files.filter((name) => name.endsWith(".ts")).length);
    assert.equal(modules.size, commands.filter(({ load }) => load).length);
  });

  it("has two examples of each command, with options that there are", async () => {
    for (const { examples = [], load, path } of commands) {
      if (!load) continue;
      assert.ok(examples.length >= 2, path);
      const program = new Command(), command = program.command(path.split(" ").at(-1)!);
      addGlobalOptions(program);
      (await load()).define(command, {} as CommandContext);
      const known = [...program.options, ...command.options].flatMap(({ long, short }) => [long, short]);
      for (const word of examples.join(" ").split(" ")) {
        if (word.startsWith("-")) assert.ok(known.includes(word), `gantry ${path} has no ${word}`);
      }
    }
  });

  it("has each name once, and each first word before the words that follow it", () => {
    const names = commands.flatMap(({ path, alias = path }) => alias === path ? [path] : [path, alias]);
    assert.equal(new Set(names).size, names.length);
    for (const [i, { path }] of commands.entries()) {
      const parent = path.split(" ").slice(0, -1).join(" ");
      if (parent !== "") assert.ok(commands.slice(0, i).some((row) => row.path === parent), path);
    }
  });
});
