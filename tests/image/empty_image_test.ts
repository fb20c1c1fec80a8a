import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage } from "../../src/image/mod.ts";
import { mediaTypes, parsePlatform } from "../../src/spec/mod.ts";

describe("an empty image", () => {
  it("has no layers, and is for the platform that it is made for", async () => {
    const image = emptyImage(parsePlatform("linux/arm/v6"));
    const { os, architecture, variant, rootfs } = await image.config();
    assert.deepEqual([os, architecture, variant, rootfs.diff_ids], ["linux", "arm", "v6", []]);
    assert.deepEqual(await image.layers(), []);
    assert.equal((await emptyImage().config()).architecture, "amd64");
  });

  it("describes its documents", async () => {
    const image = emptyImage();
    const manifest = await image.rawManifest();
    const config = await image.rawConfigFile();
    assert.deepEqual(await image.descriptor(), {
      mediaType: mediaTypes.ociManifest,
      digest: await digestBytes(manifest),
      size: manifest.byteLength,
    });
    assert.deepEqual((await image.manifest()).config, {
      mediaType: mediaTypes.ociConfig,
      digest: await digestBytes(config),
      size: config.byteLength,
    });
  });

  it("is the same each time", async () => {
    assert.equal(await emptyImage().digest(), await emptyImage().digest());
  });
});
