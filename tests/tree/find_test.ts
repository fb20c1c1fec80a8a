import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Image } from "../../src/image/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { findFile } from "../../src/tree/mod.ts";
import { file, written } from "../tar/tools.ts";
import { imageOf, stored } from "./support.ts";

async function read(image: Image, path: string): Promise<string> {
  await using found = await findFile(image, path);
  return `${found.path}: ${await new Response(found.readable).text()}`;
}

describe("findFile", () => {
  it("takes the file of the highest layer that has it", async () => {
    const image = imageOf(
      () => [file("etc/motd", "old"), file("etc/kept", "kept")],
      () => [file("./etc/motd", "new")],
    );
    assert.equal(await read(image, "/etc/motd"), "etc/motd: new");
    assert.equal(await read(image, "etc//./kept"), "etc/kept: kept");
    assert.equal((await findFile(image, "etc/kept")).layer, 0);
  });

  it("follows symlinks inside the image", async () => {
    const image = imageOf(
      () => [file("usr/bin/sh", "shell"), {
        type: "symlink",
        path: "usr/lib",
        linkname: "../../../bin/../bin",
      }],
      () => [
        { type: "symlink", path: "bin", linkname: "/usr/bin" },
        { type: "symlink", path: "usr/bin/bash", linkname: "sh" },
        { type: "hardlink", path: "usr/bin/ash", linkname: "usr/bin/bash" },
      ],
    );
    for (const path of ["bin/sh", "bin/bash", "usr/bin/bash", "/bin/ash", "usr/lib/bash", "../bin/sh"]) {
      assert.equal(await read(image, path), "usr/bin/sh: shell", path);
    }
  });

  it("gives a hard link what it was made of, whatever has that name now", async () => {
    const image = imageOf(
      () => [file("a", "one"), { type: "hardlink", path: "b", linkname: "a" }],
      () => [file("a", "two")],
    );
    assert.equal(await read(image, "b"), "a: one");
    assert.equal(await read(image, "a"), "a: two");
  });

  it("does not see what layers above have taken away", async () => {
    const image = imageOf(
      () => [file("a/x", "1"), file("b/x", "1"), file("c/x", "1"), file("d", "1"), file("e/x", "1")],
      () => [
        file("a/.wh.x", ""),
        file("b/.wh..wh..opq", ""),
        file("b/y", "2"),
        file(".wh.c", ""),
        { type: "directory", path: "d" },
        file("e", "2"),
      ],
    );
    for (const path of ["a/x", "b/x", "c/x", "e/x", "d/x", "none"]) {
      await rejects(findFile(image, path), "not-found", /the image has no such file/);
    }
    assert.equal(await read(image, "b/y"), "b/y: 2");
    assert.equal((await findFile(image, "d")).type, "directory");
  });

  it("refuses links in a circle", async () => {
    const image = imageOf(() => [
      { type: "symlink", path: "a", linkname: "b" },
      { type: "symlink", path: "b", linkname: "a" },
    ]);
    await rejects(findFile(image, "a/x"), "invalid-archive", /too many symlinks/);
  });

  it("reads a layer no further than the file", async () => {
    const large = new Uint8Array(4_000_000);
    const { image, read: count } = await stored(await written([file("first", "1"), file("large", large)]));
    assert.equal(await read(image, "first"), "first: 1");
    assert.ok(count() < 1_000_000, `${count()}`);
    assert.equal((await findFile(image, "large")).verified, false);
  });
});
