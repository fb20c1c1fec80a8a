import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
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
});
