import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Layer, layer } from "../../../src/image/mod.ts";
import { unpack } from "../../../src/rootfs/mod.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { writeTar } from "../../../src/tar/mod.ts";
import { inDirectory } from "../../support/directory.ts";
import { file } from "../../tar/tools.ts";
import { layerOf, see } from "./support.ts";

/** A layer whose tar stops coming at some point, and goes on when told. */
function stuckLayer(): { layer: Layer; begun: Promise<void>; goOn: () => void } {
  const begun = Promise.withResolvers<void>(), goOn = Promise.withResolvers<void>();
  async function* items() {
    yield file("a", "1");
    begun.resolve();
    await goOn.promise;
    yield file("b", "2");
  }
  return {
    layer: layer(() => writeTar(items()), { compression: "none" }),
    begun: begun.promise,
    goOn: goOn.resolve,
  };
}

describe("unpack", () => {
  it("keeps modes, times and links", () =>
    inDirectory(async (outer) => {
      const root = join(outer, "some/where/root");
      const times = { mtime: 1_600_000_000, nanoseconds: 500_000_000 };
      await unpack([
        layerOf([
          { type: "directory", path: "./", options: { mode: 0o711, mtime: 1_500_000_000 } },
          { type: "directory", path: "d", options: { mode: 0o1777, ...times } },
          file("d/f", "content", { mode: 0o640, ...times }),
          { type: "hardlink", path: "g", linkname: "d/f" },
          { type: "symlink", path: "l", linkname: "d/f", options: times },
          file("old", "", { mtime: -86_400 }),
        ]),
      ], root);
      const seen = see(root);
      const facts = (path: string) => [seen.get(path)!.mode, Number(seen.get(path)!.mtime / 1_000_000n)];
      assert.deepEqual(facts("."), [0o711, 1_500_000_000_000]);
      assert.deepEqual(facts("d"), [0o1777, 1_600_000_000_500]);
      assert.deepEqual(facts("d/f"), [0o640, 1_600_000_000_500]);
      assert.equal(facts("l")[1], 1_600_000_000_500);
      assert.equal(facts("old")[1], -86_400_000);
      assert.equal(seen.get("g")!.ino, seen.get("d/f")!.ino);
    }));

  it("takes the place of an empty directory", () =>
    inDirectory(async (outer) => {
      const root = join(outer, "root");
      mkdirSync(root);
      await unpack([layerOf([file("a", "1")])], root);
      assert.equal(readFileSync(join(root, "a"), "utf8"), "1");
    }));

  it("lets one process at a time unpack to a directory, under another name until it is done", () =>
    inDirectory(async (outer) => {
      const root = join(outer, "root");
      const { layer, begun, goOn } = stuckLayer();
      const first = unpack([layer], root);
      await begun;
      assert.deepEqual(readdirSync(outer), ["root.incomplete"]);
      assert.equal(lstatSync(join(outer, "root.incomplete")).mode & 0o777, 0o700);
      await rejects(unpack([layerOf([])], root), "conflict", /another process is at it/);
      goOn();
      await first;
      assert.deepEqual(readdirSync(outer).filter((name) => !name.endsWith(".json")), ["root"]);
    }));

  it("leaves nothing when it is aborted", () =>
    inDirectory(async (outer) => {
      const { layer, begun, goOn } = stuckLayer();
      const stop = new AbortController();
      const work = unpack([layer], join(outer, "root"), { signal: stop.signal });
      await begun;
      stop.abort(new Error("enough"));
      goOn();
      await assert.rejects(work, { message: "enough" });
      assert.deepEqual(readdirSync(outer), []);
    }));

  it("takes no directory for its own that is somebody else's", () =>
    inDirectory(async (outer) => {
      const beside = join(outer, "root.incomplete");
      mkdirSync(join(beside, "root"), { recursive: true });
      writeFileSync(join(beside, "root/precious"), "mine");
      await rejects(unpack([layerOf([])], join(outer, "root")), "conflict", /"root\.incomplete" is not ours/);
      assert.equal(readFileSync(join(beside, "root/precious"), "utf8"), "mine");
      assert.ok(!existsSync(join(outer, "root")));
    }));

  it("makes an empty root of no layers", () =>
    inDirectory(async (outer) => {
      await unpack([], join(outer, "root"));
      assert.deepEqual(readdirSync(join(outer, "root")), []);
    }));
});
