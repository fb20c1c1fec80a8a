import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, concat, streamOf } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { readTar, writeTar } from "../../src/tar/mod.ts";
import { exportImage, openTree } from "../../src/tree/mod.ts";
import { all, end, file, latin1, pathsOf, pax, raw, written } from "../tar/tools.ts";
import { contents, imageOf, layerOf, listed, stored } from "./support.ts";

const plain = { compression: "none" } as const;
const exported = (...tars: Bytes[]) =>
  all(exportImage(tars.reduce((image, tar) => image.append(layer(tar, plain)), emptyImage())));

describe("exportImage", () => {
  it("copies a layer that is alone byte for byte", async () => {
    const tar = await written([
      { type: "directory", path: "etc/" },
      file("etc/motd", "hello", {
        mtime: 5,
        uname: "app",
        pax: new Map([["SCHILY.xattr.user.x", latin1("\xff")]]),
      }),
      { type: "symlink", path: "link", linkname: "etc/motd" },
    ]);
    assert.deepEqual(await exported(tar), tar);
  });

  it("writes parents first, with what the layer below says of them", async () => {
    const image = imageOf(
      () => [{ type: "directory", path: "a", options: { mode: 0o700, uid: 3 } }, file("z", "")],
      () => [file("a/b/c", "1")],
    );
    const found: unknown[] = [];
    for await (const { path, mode, uid } of readTar(exportImage(image))) found.push([path, mode, uid]);
    assert.deepEqual(found, [["a", 0o700, 3], ["z", 0o644, 0], ["a/b/", 0o755, 0], ["a/b/c", 0o644, 0]]);
  });

  it("cleans names, short and long ones", async () => {
    const long = `${"d/".repeat(60)}file`;
    const tar = await written([
      { type: "directory", path: "./" },
      file("./a", "1"),
      file(`/${long}`, "2"),
      { type: "symlink", path: "./s", linkname: "./a" },
      { type: "hardlink", path: "./h", linkname: "./a" },
    ]);
    const paths = await pathsOf(await exported(tar));
    assert.deepEqual(paths.filter((path) => !path.startsWith("d/") || path === long), [
      "./",
      "a",
      long,
      "s",
      "h",
    ]);
    const again = await exported(await exported(tar));
    assert.deepEqual(again, await exported(tar));
  });

  it("keeps names that are not UTF-8", async () => {
    const tar = concat([raw({ name: latin1("caf\xe9") }, "1"), raw({ name: latin1("./\xff") }, "2"), end]);
    const names: Bytes[] = [];
    for await (const entry of readTar(streamOf(await exported(tar)))) names.push(entry.pathBytes);
    assert.deepEqual(names, [latin1("caf\xe9"), latin1("\xff")]);
  });

  it("leaves out global headers, which would speak of other layers", async () => {
    const tar = concat([pax({ comment: "x" }, "g"), raw({ name: "a" }, "1"), raw({ name: "b" }, "2"), end]);
    for await (const entry of readTar(streamOf(await exported(tar)))) assert.equal(entry.globals.size, 0);
    assert.deepEqual(await pathsOf(await exported(tar)), ["a", "b"]);
  });

  it("gives a sparse file its holes back when its name changes", async () => {
    const map = {
      "GNU.sparse.major": "0",
      "GNU.sparse.minor": "1",
      "GNU.sparse.numblocks": "1",
      "GNU.sparse.size": "2000",
    };
    const tar = concat([
      pax({ ...map, "GNU.sparse.name": "./holes", "GNU.sparse.map": "1000,3" }),
      raw({ name: "GNUSparseFile.0/holes" }, "abc"),
      end,
    ]);
    for await (const entry of readTar(streamOf(await exported(tar)))) {
      const content = await all(entry.readable);
      assert.deepEqual([entry.path, content.length, String.fromCharCode(...content.subarray(1000, 1003))], [
        "holes",
        2000,
        "abc",
      ]);
    }
  });

  it("takes a tar that ends without its last padding", async () => {
    const tar = await written([file("a", "abc")]);
    const image = emptyImage().append(layer(tar.slice(0, 515), plain)).append(
      layerOf(() => [file("b", "1")]),
    );
    assert.deepEqual(await contents(image), { a: "abc", b: "1" });
  });

  it("makes hard links valid, whatever became of what they name", async () => {
    const image = imageOf(
      () => [file("a", "1"), { type: "hardlink", path: "b", linkname: "a" }, {
        type: "hardlink",
        path: "c",
        linkname: "a",
      }],
      () => [file("a", "2")],
      () => [{ type: "hardlink", path: "d", linkname: "a" }, file(".wh.a", "")],
    );
    await rejects(listed(image), "invalid-archive", /"d" is a hard link to "a", which is not there/);
    const lower = (await image.layers()).slice(0, 2);
    assert.deepEqual(await listed(lower), ["b", "c -> b", "a"]);
    assert.deepEqual(await contents(lower), { a: "2", b: "1", c: "1" });
  });

  it("hides with a whiteout what is below, and nothing of its own layer", async () => {
    const image = imageOf(
      () => [file("d/old", "1"), file("f", "1")],
      () => [file("d/new", "2"), file("d/.wh..wh..opq", ""), file("f", "2"), file(".wh.f", "")],
    );
    assert.deepEqual(await contents(image), { "d/new": "2", f: "2" });
  });

  it("does not follow a link that a layer replaces when it hides what was below it", async () => {
    const image = imageOf(
      () => [file("usr/lib/x", "1"), { type: "symlink", path: "lib", linkname: "usr/lib" }],
      () => [{ type: "directory", path: "lib" }, file("lib/.wh..wh..opq", ""), file("lib/y", "2")],
    );
    assert.deepEqual(await contents(image), { "usr/lib/x": "1", "lib/y": "2" });
  });

  it("fails with what is wrong with a layer, before anything is written", async () => {
    const tar = await written([file("a", "1")]);
    const { image } = await stored(tar);
    const [good] = await image.layers();
    const bad = layer(() => streamOf(tar.slice(0, 300)), plain);
    await rejects(all(exportImage(emptyImage().append(good!).append(bad))), "invalid-archive", /layer 1/);
    const stopped = new Error("stop");
    const signal = AbortSignal.abort(stopped);
    await assert.rejects(openTree(emptyImage().append(good!), { signal }), (error) => error === stopped);
  });

  it("verifies the diffID that the config has for a layer", async () => {
    const wrong = emptyImage().append(layer(() => writeTar([file("a", "1")]), plain)).edit({
      config: (config) => void (config.rootfs.diff_ids[0] = `sha256:${"0".repeat(64)}`),
    });
    const store = memory();
    const { descriptor } = await copy(wrong, store);
    await rejects(openTree(await openImage(store, descriptor.digest)), "digest-mismatch", /tar of layer/);
  });
});
