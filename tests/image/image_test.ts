import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAll, sameBytes } from "../../src/bytes.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { foreignConfig, foreignImage } from "./documents.ts";

describe("an image", () => {
  it("finds layers by digest and by diffID", async () => {
    const added = layer(randomBytes(512), { compression: "none" });
    const image = emptyImage().append(layer(randomBytes(100), { compression: "none" })).append(added);
    assert.equal(await image.layerByDigest(await added.digest()), added);
    assert.equal(await image.layerByDiffID(await added.diffID()), added);
    await rejects(image.layerByDigest(await image.digest()), "not-found");
    await rejects(image.layerByDiffID(await image.digest()), "not-found");
  });

  it("is its manifest when it is written, after its layers and its config", async () => {
    const { image } = await foreignImage(foreignConfig);
    const { open, ...content } = await image.content();
    assert.deepEqual(content, { ...await image.descriptor(), replayable: true });
    const bytes = await readAll(await open(), { limit: 1e6, what: "test" });
    assert.ok(sameBytes(bytes, await image.rawManifest()));
    const types = await Promise.all(
      (await image.children()).map(async (part) => (await part.content()).mediaType),
    );
    assert.deepEqual(types, [mediaTypes.ociLayerGzip, mediaTypes.ociConfig]);
  });

  it("is called by its config by Docker, and by its manifest by everybody else", async () => {
    const { image } = await foreignImage(foreignConfig);
    assert.equal(image.known?.digest, await image.digest());
    assert.equal(await image.configName(), (await image.manifest()).config.digest);
  });
});
