import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Bytes, concat, streamOf, utf8 } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type Image, openImage, validate } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { end, raw } from "../tar/tools.ts";

const tar = concat([raw({ name: "hello" }, "hello"), end]);

/** An image of one layer that is called something. */
async function imageOf(layer: Uint8Array, mediaType: string): Promise<Image> {
  const store = memory();
  const write = async (bytes: Bytes, mediaType: string) => {
    const open = () => Promise.resolve(streamOf(bytes));
    return (await store.write({ mediaType, replayable: true, open })).descriptor;
  };
  const config = {
    os: "linux",
    architecture: "amd64",
    rootfs: { type: "layers", diff_ids: [await digestBytes(tar)] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: await write(utf8(JSON.stringify(config)), mediaTypes.ociConfig),
    layers: [await write(new Uint8Array(layer), mediaType)],
  };
  return openImage(store, (await write(utf8(JSON.stringify(manifest)), mediaTypes.ociManifest)).digest);
}

describe("a layer", () => {
  const forms = { plain: tar, gzip: gzipSync(tar), zstd: zstdCompressSync(tar) };
  const types = [mediaTypes.ociLayer, mediaTypes.ociLayerGzip, mediaTypes.ociLayerZstd, "x/unknown.tar+lz4"];

  for (const [form, bytes] of Object.entries(forms)) {
    it(`that is ${form} is read, whatever its media type says (F27)`, async () => {
      for (const mediaType of types) {
        const image = await imageOf(bytes, mediaType);
        const paths: string[] = [];
        for await (const { path } of (await image.layers())[0]!.entries()) paths.push(path);
        assert.deepEqual(paths, ["hello"], mediaType);
        assert.deepEqual(await validate(image), [], mediaType);
      }
    });

    it(`that is ${form} is held to its diffID (F27)`, async () => {
      const other = concat([raw({ name: "other" }), end]);
      const packed = { plain: other, gzip: gzipSync(other), zstd: zstdCompressSync(other) }[form]!;
      const problems = await validate(await imageOf(packed, mediaTypes.ociLayerGzip));
      assert.equal(problems.length, 1);
      assert.match(problems[0]!.message, new RegExp(await digestBytes(other)));
    });
  }

  it("that is xz is refused by name, whatever its media type says (F27)", async () => {
    const xz = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4);
    for (const mediaType of types) {
      const [layer] = await (await imageOf(xz, mediaType)).layers();
      await assert.rejects(layer!.entries().next(), { code: "unsupported", message: /xz is not supported/ });
    }
  });
});
