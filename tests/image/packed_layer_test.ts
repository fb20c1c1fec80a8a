import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Bytes } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage, packedLayer, validate } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { digestOf, layerTar } from "../archive/support.ts";

const forms: Record<string, [(tar: Bytes) => Uint8Array, string]> = {
  gzip: [(tar) => gzipSync(tar), mediaTypes.ociLayerGzip],
  zstd: [(tar) => zstdCompressSync(tar), mediaTypes.ociLayerZstd],
};

describe("a packed layer", () => {
  for (const [form, [pack, mediaType]] of Object.entries(forms)) {
    it(`keeps the bytes of ${form}, and knows its diffID`, async () => {
      const tar = await layerTar("packed");
      const packed = new Uint8Array(pack(tar));
      for (const source of [packed, new Blob([packed]), () => pieces(packed, 7), pieces(packed, 7)]) {
        const made = await packedLayer(source);
        assert.equal(made.mediaType(), mediaType);
        const target = memory();
        await copy(emptyImage().append(made), target, { name: "v1" });
        assert.deepEqual(await made.descriptor(), {
          mediaType,
          size: packed.length,
          digest: digestOf(packed),
        });
        assert.equal(await made.diffID(), digestOf(tar));
        assert.deepEqual(await validate(await openImage(target, "v1")), []);
      }
    });
  }

  it("is made as others are where it is not compressed", async () => {
    const tar = await layerTar("plain");
    for (const source of [tar, pieces(tar, 5)]) {
      const made = await packedLayer(source, { compression: "none" });
      await copy(emptyImage().append(made), memory());
      assert.equal(await made.digest(), await layer(tar, { compression: "none" }).digest());
    }
    await copy(
      emptyImage().append(await packedLayer(pieces(new Uint8Array(0), 1), { compression: "none" })),
      memory(),
    );
  });

  it("refuses other compressions, and a stream that breaks", async () => {
    const xz = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 0, 0);
    await rejects(packedLayer(xz), "unsupported", /compressed with xz/);
    const broken = new Uint8Array(gzipSync(randomBytes(100_000)).subarray(0, 50_000));
    const target = memory();
    await rejects(
      copy(emptyImage().append(await packedLayer(broken)), target, { name: "v1" }),
      "invalid-archive",
    );
    await rejects(target.resolve("v1"), "not-found");
  });

  it("that is a one-shot stream answers not-computed, then consumed", async () => {
    const packed = new Uint8Array(gzipSync(await layerTar("once")));
    const once = await packedLayer(pieces(packed, 9));
    await rejects(once.digest(), "not-computed");
    await rejects(once.range(0, 2, { unverified: true }), "unsupported");
    await copy(emptyImage().append(once), memory());
    assert.equal(await once.digest(), digestOf(packed));
    await rejects(once.compressed(), "consumed");
  });

  it("is read in parts", async () => {
    const packed = new Uint8Array(gzipSync(await layerTar("parts")));
    const part = await (await packedLayer(packed)).range(2, 9, { unverified: true });
    assert.deepEqual(new Uint8Array(await new Response(part).arrayBuffer()), packed.slice(2, 9));
  });
});
