/** The rules of the house, held by walking the module graph: docs/architecture.md tells them. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Rooms by floor, ground first, as docs/architecture.md shows them; a room imports from lower floors and itself. */
const floors: readonly (readonly string[])[] = floorsIn(
  readFileSync(join(root, "docs/architecture.md"), "utf8"),
);

function floorsIn(page: string): string[][] {
  const rows = [...page.matchAll(/^\| (\d+)\s+\|[^|]*\|([^|]*)\|$/gm)];
  const named = rows.map(([, floor, rooms]) => [Number(floor), rooms!.match(/[\w.]+/g) ?? []] as const);
  return named.sort(([a], [b]) => a - b).map(([, rooms]) => [...rooms]);
}

interface Imports {
  /** Everything imported to run, statically or lazily. */
  values: string[];
  /** Everything imported at all. */
  all: string[];
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

function importsOf(file: string): Imports {
  const source = withoutComments(readFileSync(file, "utf8"));
  const values: string[] = [], all: string[] = [];
  const statement =
    /^(?:import|export)\s+(type\s+)?(?:[\w*{},\s]+?\sfrom\s*)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
  for (const [, type, specifier, lazy] of source.matchAll(statement)) {
    const target = specifier ?? lazy!;
    const path = target.startsWith(".") ? join(dirname(file), target) : target;
    all.push(path);
    if (!type) values.push(path);
  }
  return { values, all };
}

function sources(directory: string): string[] {
  if (!existsSync(join(root, directory))) return [];
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, directory, name));
}

/** What makes the core: a tool and its sources, no part of the library. */
const tools = /^wasm[/\\](?:build\.ts|assembly)/;
const library = [join(root, "mod.ts"), ...sources("src"), ...sources("wasm")]
  .filter((file) => !tools.test(relative(root, file)));

/** `src/spec/digest.ts` is in the room `spec`, `src/errors.ts` is a room of its own. */
function roomOf(file: string): string {
  const parts = relative(root, file).split(/[/\\]/);
  return parts[0] === "src" ? parts[1]! : parts[0]!;
}

function floorOf(file: string): number {
  const floor = floors.findIndex((rooms) => rooms.includes(roomOf(file)));
  assert.notEqual(floor, -1, `${relative(root, file)} is in no room of the house`);
  return floor;
}

function reachable(entry: string): Map<string, string> {
  const from = new Map<string, string>([[entry, ""]]);
  for (const file of from.keys()) {
    if (!existsSync(file)) continue;
    for (const next of importsOf(file).values) if (!from.has(next)) from.set(next, file);
  }
  return from;
}

describe("module graph", () => {
  it("imports only from the floors below", () => {
    const wrong: string[] = [];
    for (const file of library) {
      for (
        const target of importsOf(file).all.filter((path) => path.startsWith(root) && path.endsWith(".ts"))
      ) {
        const ground = floors[0]!.includes(roomOf(target)) && floors[0]!.includes(roomOf(file));
        if (roomOf(file) === roomOf(target) || ground || floorOf(target) < floorOf(file)) continue;
        wrong.push(`${relative(root, file)} imports ${relative(root, target)}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("has no circles, of types neither", () => {
    const graph = new Map(library.map((file) => [file, importsOf(file).all]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) {
        const circle = [...path.slice(path.indexOf(file)), file];
        return void circles.push(circle.map((one) => relative(root, one)).join(" → "));
      }
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of library) visit(file, []);
    assert.deepEqual(circles, []);
  });

  it("reads every floor from the documentation", () => {
    assert.equal(floors.length, 10);
    assert.ok(floors[0]!.includes("spec") && floors.at(-1)!.includes("cli"));
  });

  for (const entry of ["src/edge.ts", "src/server/mod.ts"]) {
    it(`keeps ${entry} free of node:, WASM and packages`, () => {
      const wrong: string[] = [];
      for (const [path, from] of reachable(join(root, entry))) {
        const through = `${relative(root, path)} through ${relative(root, from)}`;
        if (!path.startsWith(root)) wrong.push(through);
        else if (roomOf(path) === "wasm") wrong.push(through);
        else if (/\b(Deno|Bun)\s*[.?[]/.test(withoutComments(readFileSync(path, "utf8")))) {
          wrong.push(`${path} names a runtime`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  it("keeps packages out of the doors that bundlers for browsers open", () => {
    for (const entry of ["src/codec/mod.ts", "src/digest/mod.ts"]) {
      const packages = [...reachable(join(root, entry)).keys()].filter((path) => !path.startsWith(root));
      assert.deepEqual(packages, [], entry);
    }
  });

  it("loads WASM of others when it is used, and not before", () => {
    const early = /^(?:import|export)\s(?!type\s)(?:[^;"]*\sfrom\s)?"(?:hash-wasm|zstd-codec)[/"]/m;
    const wrong = library.filter((file) => early.test(withoutComments(readFileSync(file, "utf8"))));
    assert.deepEqual(wrong.map((file) => relative(root, file)), []);
  });

  it("does no work at import", async () => {
    const compiled: string[] = [];
    const { compile, instantiate, Module } = WebAssembly;
    Object.assign(WebAssembly, {
      compile: () => (compiled.push("compile"), Promise.reject(new Error("at import"))),
      instantiate: () => (compiled.push("instantiate"), Promise.reject(new Error("at import"))),
      Module: function () {
        compiled.push("Module");
      },
    });
    try {
      await import("../mod.ts");
    } finally {
      Object.assign(WebAssembly, { compile, instantiate, Module });
    }
    assert.deepEqual(compiled, []);
  });

  it("awaits nothing at the top level", () => {
    const awaiting = library.filter((file) => {
      const source = withoutComments(readFileSync(file, "utf8"));
      return /^(?:(?:export )?(?:const|let) [^=]*= )?await\b/m.test(source) || /^for await\b/m.test(source);
    });
    assert.deepEqual(awaiting.map((file) => relative(root, file)), []);
  });

  it("exports the same from deno.json and package.json, every room with a face among them", () => {
    const exportsOf = (name: string) =>
      (JSON.parse(readFileSync(join(root, name), "utf8")) as { exports: Record<string, string> }).exports;
    const exported = exportsOf("deno.json");
    assert.deepEqual(exportsOf("package.json"), exported);
    const doors = library.filter((file) => /^src[/\\]\w+[/\\]mod\.ts$/.test(relative(root, file)));
    // What a string names is for scripts: mod.ts gives it.
    const missing = doors.filter((file) =>
      roomOf(file) !== "places" && !Object.values(exported).includes(`./${relative(root, file)}`)
    );
    assert.deepEqual(missing.map((file) => relative(root, file)), []);
  });
});
