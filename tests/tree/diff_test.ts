import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { annotate } from "../../src/image/mod.ts";
import { diffImages, flatten } from "../../src/tree/mod.ts";
import { file } from "../tar/tools.ts";
import { imageOf } from "./support.ts";

const base = () => [file("a", "1"), file("b", "1"), file("c", "1", { mode: 0o600 }), file("d", "same")];

describe("diffImages", () => {
  it("finds nothing between an image and itself", async () => {
    const { same, ...rest } = await diffImages(imageOf(base), imageOf(base));
    assert.equal(same, true);
    assert.deepEqual(rest, { config: [], history: [], layers: [], files: [] });
  });

  it("tells what is different about each file", async () => {
    const after = imageOf(() => [
      file("a", "2"),
      { type: "symlink", path: "b", linkname: "a" },
      file("c", "1", { mode: 0o644, uid: 5, mtime: 7 }),
      { type: "hardlink", path: "d2", linkname: "a" },
      file("d", "same"),
    ]);
    const { files, layers, same } = await diffImages(imageOf(base), after);
    assert.equal(same, false);
    assert.equal(layers.length, 1);
    assert.deepEqual(files.map(({ path, kind, aspects }) => [path, kind, aspects.join()]), [
      ["a", "changed", "content"],
      ["b", "changed", "type,mode,size,content,target"],
      ["c", "changed", "mode,owner,time"],
      ["d2", "added", ""],
    ]);
  });

  it("does not care which name of a file comes first", async () => {
    const one = imageOf(() => [file("a", "1"), { type: "hardlink", path: "b", linkname: "a" }]);
    const other = imageOf(() => [file("b", "1"), { type: "hardlink", path: "a", linkname: "b" }]);
    assert.deepEqual((await diffImages(one, other)).files, []);
  });

  it("tells what is different in the config, the history and the annotations", async () => {
    const before = imageOf(base).configure({ env: { A: "1", B: "2" }, user: "app" });
    const after = imageOf(base).edit(annotate({ note: "x" })).edit({
      config: (config) => {
        config.config = { Env: ["B=2", "A=1"] };
        config.created = "2020-01-01T00:00:00Z";
        config.history![0]!.created_by = "COPY";
      },
    });
    const strict = await diffImages(before, after);
    assert.deepEqual(strict.config.map(({ name }) => name), [
      "config.Env",
      "config.User",
      "created",
      "annotations.note",
    ]);
    assert.deepEqual(strict.history.map(({ name }) => name), ["history[0]"]);
    const semantic = await diffImages(before, after, { semantic: true });
    assert.deepEqual(semantic.config.map(({ name }) => name), ["config.User", "annotations.note"]);
    assert.deepEqual(semantic.history, []);
  });

  it("takes a flattened image for the same, but for its layers", async () => {
    const image = imageOf(base, () => [file("a", "2", { mtime: 9 }), file(".wh.b", "")]);
    const flat = image.edit(flatten({ compression: "none" }));
    const { files, layers } = await diffImages(image, flat);
    assert.deepEqual(files, []);
    assert.equal(layers.length, 2);
    assert.equal((await diffImages(image, flat, { semantic: true })).same, true);
  });
});
