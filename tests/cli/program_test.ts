import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import deno from "../../deno.json" with { type: "json" };
import { commands } from "../../src/cli/commands.ts";
import { run } from "../../src/cli/program.ts";
import { printed, type Ran, withRegistry } from "./gantry.ts";

/** Runs the command in this process. */
async function runHere(...args: string[]): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr") => ({
    write: (data: string | Uint8Array, done: () => void) => (said[name] += data, done()),
  });
  const code = await run(args, {
    stdout: output("stdout"),
    stderr: output("stderr"),
    env: {},
    signal: new AbortController().signal,
    patience: 0,
  });
  return { code, ...said, progress: [] };
}

describe("gantry", () => {
  it("prints its version", () =>
    withRegistry(async ({ gantry }) => {
      assert.equal(printed(await gantry("version")), `${deno.version}\n`);
      assert.equal(printed(await gantry("-v", "version")), `${deno.version}\n`);
      assert.deepEqual(JSON.parse(printed(await gantry("version", "--json"))), { version: deno.version });
    }));

  it("prints help where it is asked for, or for nothing", () =>
    withRegistry(async ({ gantry }) => {
      for (const args of [[], ["--help"], ["registry"]]) {
        assert.match(printed(await gantry(...args)), /^Usage: gantry/, args.join(" "));
      }
      assert.match(printed(await gantry("copy", "--help")), /--all-tags/);
    }));

  it("lists all commands by their groups", async () => {
    const help = printed(await runHere("--help"));
    assert.deepEqual(help.match(/^[A-Z]\w+:$/gm), [
      "Options:",
      "Transfer:",
      "Inspect:",
      "Edit:",
      "Registry:",
      "Store:",
      "Other:",
    ]);
    for (const { path, summary } of commands) {
      if (path.includes(" ")) continue;
      assert.match(help, new RegExp(`^ {2}${path}\\b.* ${summary.replaceAll(" ", "\\s+")}$`, "m"));
    }
    assert.match(printed(await runHere("registry")), /^ {2}serve .*serve a registry until/m);
  });

  it("tells of a command's own options, however it is asked for", async () => {
    for (const args of [["copy", "--help"], ["cp", "-h"], ["help", "copy"], ["help", "cp"]]) {
      assert.match(
        printed(await runHere(...args)),
        /^Usage: gantry copy\|cp \[options\] <src> <dst>$[^]*--all-tags/m,
      );
    }
    for (const args of [["registry", "serve", "--help"]]) {
      assert.match(printed(await runHere(...args)), /^Usage: gantry registry serve \[options\]$[^]*--disk/m);
    }
  });

  it("knows no other commands", async () => {
    for (const args of [["nope"], ["nope", "copy"]]) {
      const { code, stdout, stderr } = await runHere(...args);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
      assert.match(stderr, /^Error: unknown command 'nope'/);
    }
  });

  it("evaluates no command, and nothing that only some need, before one is chosen", () => {
    const source = fileURLToPath(new URL("../../src", import.meta.url));
    const early = importedBy(join(source, "cli/program.ts")).map((file) => relative(source, file));
    assert.deepEqual(
      early.filter((file) => !/^(?:errors\.ts$|spec[/\\]|cli[/\\](?!commands[/\\]))/.test(file)),
      [],
    );
  });
});

/** What a module imports to run, statically, with all that this imports. */
function importedBy(entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    const source = readFileSync(file, "utf8");
    for (const [, path] of source.matchAll(/^(?:import|export)\s(?!type\s)[^;"]*?"(\.[^"]+)"/gm)) {
      const next = join(dirname(file), path!);
      if (existsSync(next) && next.endsWith(".ts")) found.add(next);
    }
  }
  return [...found];
}
