import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy, layer, layerOf, memory } from "../../mod.ts";
import { gzip } from "../../src/codec/mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { fails } from "../../src/testing/errors.ts";
import { inDirectory } from "../support/directory.ts";
import { pathsIn } from "./support.ts";

describe("layerOf", () => {
  const items = () => [{ type: "directory" as const, path: "a/" }];
  const tarBytes = async () => new Uint8Array(await new Response(writeTar(items())).arrayBuffer());

  it("takes bytes, blobs, streams and items, and gives the same layer", async () => {
    const tar = await tarBytes();
    const digest = await layer(tar).digest();
    for (const source of [tar, new Blob([tar])]) {
      const made = await layerOf(source);
      assert.equal(await made.digest(), digest);
      assert.deepEqual(await pathsIn(made), ["a/"]);
    }
    async function* later() {
      yield* items();
    }
    for (const source of [new Blob([tar]).stream(), items(), later()]) {
      const { descriptor } = await copy(await layerOf(source), { target: memory() });
      assert.equal(descriptor.digest, digest);
    }
  });

  it("unpacks what is compressed, and compresses what it is told to", async () => {
    const tar = await tarBytes();
    const packed = await new Response(new Blob([tar]).stream().pipeThrough(gzip({ engine: "node:zlib" })))
      .blob();
    const made = await layerOf(packed);
    assert.equal(made.mediaType(), "application/vnd.oci.image.layer.v1.tar+gzip");
    assert.equal(await made.digest(), await layer(tar).digest());
    const zstd = await layerOf(packed, { compression: "zstd" });
    assert.equal(zstd.mediaType(), "application/vnd.oci.image.layer.v1.tar+zstd");
    assert.equal(await zstd.diffID(), await made.diffID());
  });

  it("takes directories, and says where there is none", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "file"), "text");
      const made = await layerOf(directory);
      assert.ok((await pathsIn(made)).includes("file"));
      assert.equal(await made.digest(), await (await layerOf(directory)).digest());
      await assert.rejects(
        layerOf(join(directory, "none")),
        fails("not-found", /make a layer of ".*none": no such file or directory/),
      );
    }));

  it("takes files, and leaves compressed ones as they are unless told otherwise", () =>
    inDirectory(async (directory) => {
      const tar = await tarBytes();
      const packed = new Uint8Array(
        await new Response(new Blob([tar]).stream().pipeThrough(gzip({ engine: "node:zlib", level: 1 })))
          .arrayBuffer(),
      );
      await writeFile(join(directory, "a.tar"), tar);
      await writeFile(join(directory, "a.tar.gz"), packed);
      assert.equal(await (await layerOf(join(directory, "a.tar"))).digest(), await layer(tar).digest());
      const kept = await layerOf(join(directory, "a.tar.gz"));
      assert.equal(await kept.size(), packed.length);
      assert.equal(await kept.diffID(), await layer(tar).diffID());
      const plain = await layerOf(join(directory, "a.tar.gz"), { compression: "none" });
      assert.equal(await plain.digest(), await kept.diffID());
    }));

  it("leaves out of a directory what its rules say", () =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, "node_modules/deep"), { recursive: true });
      await mkdir(join(directory, "src"));
      for (
        const path of ["node_modules/deep/x.js", "node_modules/keep.js", "src/a.ts", "src/a.test.ts", "b.log"]
      ) {
        await writeFile(join(directory, path), path);
      }
      const paths = async (ignore: readonly string[] | true) =>
        await pathsIn(await layerOf(directory, { ignore }));
      assert.deepEqual(await paths(["node_modules", "**/*.test.ts", "*.log", "# no", ""]), [
        "src/",
        "src/a.ts",
      ]);
      assert.deepEqual(await paths(["*", "!src", "!node_modules/keep.js"]), [
        "node_modules/keep.js",
        "src/",
        "src/a.test.ts",
        "src/a.ts",
      ]);
      assert.equal((await paths(true)).length, 8);
      await writeFile(join(directory, ".dockerignore"), "\ufeffnode_modules\r\n.dockerignore\r\nsrc\r\n");
      assert.deepEqual(await paths(true), ["b.log"]);
    }));
});
