import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { GantryError } from "../../src/errors.ts";
import { diffDirectories, packDirectory, type PackOptions } from "../../src/rootfs/mod.ts";
import type { TarItem } from "../../src/tar/mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { all, entriesOf, written } from "../tar/tools.ts";

interface Operation {
  dir?: string;
  file?: string;
  hardlink?: string;
  remove?: string;
  chmod?: string;
  content?: string;
  target?: string;
  mode?: string;
}

interface Case {
  name: string;
  a: Operation[];
  b: Operation[];
  entries: { type: string; name: string; mode?: string; content?: string; linkname?: string }[];
}

describe("diffDirectories", () => {
  let root: string;
  const lower = (...path: string[]) => join(root, "lower", ...path);
  const upper = (...path: string[]) => join(root, "upper", ...path);
  const both = (make: (at: typeof lower) => void) => [lower, upper].forEach(make);
  const diff = (options?: PackOptions) => diffDirectories(lower(), upper(), options);
  const pathsOf = async (options?: PackOptions) => {
    const paths: string[] = [];
    for await (const { type, path, linkname } of diff(options)) {
      paths.push(type === "hardlink" ? `${path} = ${linkname}` : path);
    }
    return paths;
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "gantry-diff-"));
    mkdirSync(lower());
    mkdirSync(upper());
  });
  afterEach(() => rmSync(root, { recursive: true }));

  describe("answers containerd's table", needsFixtures, () => {
    for (const { name, a, b, entries } of needsFixtures.skip ? [] : table<Case>("diff-tar")) {
      it(name, async () => {
        both((at) => a.forEach((operation) => apply(operation, at)));
        b.forEach((operation) => apply(operation, upper));
        const found = (await entriesOf(await written(diff()))).map(({ entry, content }) => {
          const [path, whiteout] = [entry.path.replace(/\.wh\.([^/]*)$/, "$1"), entry.path.includes(".wh.")];
          if (whiteout) return { type: "whiteout", name: path };
          if (entry.type === "hardlink") return { type: entry.type, name: path, linkname: entry.linkname };
          const mode = entry.mode.toString(8);
          if (entry.type === "directory") return { type: "dir", name: path, mode };
          return { type: entry.type, name: path, content: new TextDecoder().decode(content), mode };
        });
        assert.deepEqual(found, entries);
      });
    }
  });

  it("gives nothing when nothing is different, whenever it was written", async () => {
    both((at) => {
      mkdirSync(at("d"));
      writeFileSync(at("d", "f"), "same");
      symlinkSync("f", at("d", "l"));
      linkSync(at("d", "f"), at("d", "h"));
    });
    for (const path of ["d", "d/f", "d/l"]) lutimesSync(upper(path), 5, 5);
    assert.deepEqual(await pathsOf(), []);
    assert.deepEqual(await pathsOf({ mtime: 7, owner: { uid: 1, gid: 1 } }), []);
    assert.deepEqual(await pathsOf({ mtime: "keep" }), ["d/", "d/f", "d/h = d/f", "d/l"]);
  });

  it("does not take the time of a directory for a change", async () => {
    both((at) => mkdirSync(at("d")));
    lutimesSync(upper("d"), 5, 5);
    assert.deepEqual(await pathsOf({ mtime: "keep" }), []);
  });

  it("sees contents that differ in one byte, with the same size and time", async () => {
    const content = new Uint8Array(200_000);
    both((at) => {
      writeFileSync(at("same"), content);
      writeFileSync(at("other"), content);
    });
    content[150_000] = 1;
    writeFileSync(upper("other"), content);
    for (const at of [lower, upper]) for (const name of ["same", "other"]) lutimesSync(at(name), 5, 5);
    assert.deepEqual(await pathsOf({ mtime: "keep" }), ["other"]);
  });

  it("sees modes and where links point", async () => {
    both((at) => {
      writeFileSync(at("f"), "");
      symlinkSync("here", at("l"));
    });
    chmodSync(upper("f"), 0o755);
    rmSync(upper("l"));
    symlinkSync("there", upper("l"));
    assert.deepEqual(await pathsOf(), ["f", "l"]);
  });

  it("gives no whiteouts for what is inside what is gone, or becomes something else", async () => {
    for (const name of ["gone", "file"]) {
      mkdirSync(lower(name, "d"), { recursive: true });
      writeFileSync(lower(name, "d", "f"), "");
    }
    writeFileSync(lower("directory"), "");
    mkdirSync(upper("directory"));
    writeFileSync(upper("directory", "f"), "");
    writeFileSync(upper("file"), "");
    assert.deepEqual(await pathsOf(), ["directory/", "directory/f", "file", ".wh.gone"]);
  });

  it("brings the directories above, once", async () => {
    both((at) => mkdirSync(at("a", "b", "c"), { recursive: true }));
    chmodSync(upper("a", "b"), 0o700);
    writeFileSync(lower("a", "b", "old"), "");
    for (const name of ["x", "y"]) writeFileSync(upper("a", "b", "c", name), "");
    for (const name of ["a", "a/b/c", "a/b/c/x", "a/b/c/y"]) {
      chmodSync(upper(name), 0o711);
      if (name !== "a/b/c/x" && name !== "a/b/c/y") chmodSync(lower(name), 0o711);
    }
    const items: [string, number | undefined][] = [];
    for await (const { path, options } of diff()) items.push([path, options?.mode]);
    assert.deepEqual(items, [
      ["a/", 0o711],
      ["a/b/", 0o700],
      ["a/b/c/", 0o711],
      ["a/b/c/x", 0o711],
      ["a/b/c/y", 0o711],
      ["a/b/.wh.old", 0],
    ]);
  });

  it("refuses names that would become whiteouts, unless they need not be told", async () => {
    both((at) => writeFileSync(at(".wh.both"), ""));
    assert.deepEqual(await pathsOf(), []);
    const refusal = (error: unknown) =>
      GantryError.is(error, "invalid-name") && /"\.wh\./.test(error.message);
    writeFileSync(upper(".wh.new"), "");
    await assert.rejects(pathsOf(), refusal);
    rmSync(upper(".wh.new"));
    mkdirSync(lower(".wh.old"));
    await assert.rejects(pathsOf(), refusal);
  });

  it("takes sockets for nothing", async () => {
    writeFileSync(lower("f"), "");
    const servers = [upper("f"), lower("s")].map((path) => createServer().listen(path));
    await Promise.all(servers.map((server) => new Promise((done) => server.once("listening", done))));
    try {
      const skipped: string[] = [];
      assert.deepEqual(await pathsOf({ onSkip: (path) => skipped.push(path) }), [".wh.f"]);
      assert.deepEqual(skipped, ["f"]);
    } finally {
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    }
  });

  it("says what is not there", async () => {
    for (const [one, other] of [[lower("no"), upper()], [lower(), upper("no")]] as const) {
      await assert.rejects(diffDirectories(one, other).next(), { code: "not-found" });
    }
  });

  it("ends with its signal", async () => {
    writeFileSync(upper("f"), "");
    await assert.rejects(pathsOf({ signal: AbortSignal.abort(new Error("enough")) }), { message: "enough" });
  });

  it("gives a layer that makes the upper directory of the lower one, whatever they are", async () => {
    const tree = fc.array(
      fc.record({
        path: fc.constantFrom("a", "b", "a/a", "a/b", "a/c", "a/b/c", "c/a", "c/b"),
        kind: fc.constantFrom("file", "directory", "symlink", "hardlink"),
        content: fc.constantFrom("x", "y", "a", "a/b"),
        mode: fc.constantFrom(0o644, 0o755),
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(tree, tree, async (before, after) => {
        for (const [at, made] of [[lower, before], [upper, after]] as const) {
          rmSync(at(), { recursive: true });
          mkdirSync(at());
          for (const { path, kind, content, mode } of made) make(at, path, kind, content, mode);
        }
        const layer = await written(diff());
        const unpacked = await modelOf(packDirectory(lower()));
        await over(unpacked, layer);
        assert.deepEqual(
          new Map([...unpacked].sort()),
          new Map([...await modelOf(packDirectory(upper()))].sort()),
        );
      }),
      { numRuns: 60 },
    );
  });
});

function apply(operation: Operation, at: (path: string) => string): void {
  const { dir, file, hardlink, remove, chmod, content = "", target = "", mode = "644" } = operation;
  if (dir !== undefined) mkdirSync(at(dir));
  if (file !== undefined) writeFileSync(at(file), content);
  if (hardlink !== undefined) linkSync(at(target), at(hardlink));
  if (remove !== undefined) rmSync(at(remove), { recursive: true });
  const path = dir ?? file ?? chmod;
  if (path !== undefined) chmodSync(at(path), parseInt(mode, 8));
}

/** Makes something if nothing is in its way. */
function make(at: (path: string) => string, path: string, kind: string, content: string, mode: number): void {
  try {
    if (kind === "directory") mkdirSync(at(path));
    else if (kind === "symlink") symlinkSync(content, at(path));
    else if (kind === "hardlink") linkSync(at(content), at(path));
    else writeFileSync(at(path), content, { flag: "wx", mode });
  } catch {
    // Something else is there, or no directory is.
  }
}

/** A tree in memory: what is under each path. Hard links are what they link to. */
type Model = Map<string, string>;

async function modelOf(items: AsyncIterable<TarItem>): Promise<Model> {
  const model: Model = new Map();
  await over(model, await all(writeTar(items)));
  return model;
}

/** Unpacks a layer as the image specification says. */
async function over(model: Model, layer: Uint8Array): Promise<void> {
  const remove = (path: string) => {
    for (const key of [...model.keys()]) if (key === path || key.startsWith(`${path}/`)) model.delete(key);
  };
  for (const { entry, content } of await entriesOf(layer)) {
    const path = entry.path.replace(/\/$/, "");
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    assert.ok(
      parent === "" || model.get(parent)?.startsWith("directory"),
      `${path} has no directory above it`,
    );
    const name = path.slice(parent === "" ? 0 : parent.length + 1);
    if (name.startsWith(".wh.")) {
      const gone = `${parent === "" ? "" : `${parent}/`}${name.slice(4)}`;
      assert.ok(model.has(gone), `nothing to remove at ${gone}`);
      remove(gone);
      continue;
    }
    if (entry.type !== "directory" || !model.get(path)?.startsWith("directory")) remove(path);
    const linked = model.get(entry.linkname);
    if (entry.type === "hardlink") assert.ok(linked, `${path} links to nothing`);
    const text = new TextDecoder().decode(content);
    model.set(
      path,
      entry.type === "hardlink" ? linked! : `${entry.type} ${entry.mode} ${entry.linkname} ${text}`,
    );
  }
}
