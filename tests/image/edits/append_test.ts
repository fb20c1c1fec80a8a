import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../../src/bytes.ts";
import { digestBytes } from "../../../src/digest/mod.ts";
import { layer } from "../../../src/image/mod.ts";
import { randomBytes } from "../../../src/testing/content.ts";
import { foreignConfig as config, foreignImage, text } from "../documents.ts";

describe("append", () => {
  it("appends a layer to manifest, diffIDs and history", async () => {
    const { image } = await foreignImage(config);
    const added = layer(randomBytes(2048), { compression: "none" });
    const edited = image.append(added, { history: { created_by: "added" }, annotations: { n: "1" } });
    const { rootfs, history } = await edited.config();
    assert.equal(rootfs.diff_ids[1], await added.diffID());
    assert.deepEqual(history?.map(({ created_by }) => created_by), ["base", "added"]);
    const { layers, config: { digest, size } } = await edited.manifest();
    assert.deepEqual(layers[1], { ...await added.descriptor(), annotations: { n: "1" } });
    assert.equal(digest, await edited.configName());
    assert.equal(size, (await edited.rawConfigFile()).byteLength);
    assert.equal(await edited.size(), (await edited.rawManifest()).byteLength);
    assert.equal(await edited.digest(), await digestBytes(await edited.rawManifest()));
    assert.equal((await edited.layers()).length, 2);
    assert.equal(await edited.layerByDiffID(await added.diffID()), added);
    assert.equal(await edited.layerByDigest(await added.digest()), added);
    await assert.rejects(edited.layerByDigest(await digestBytes(utf8("no"))), { code: "not-found" });
  });

  it("begins no history where there is none", async () => {
    const { image } = await foreignImage(config.replace(`"history":[{"created_by":"base"}],`, ""));
    assert.equal(
      (await image.append(layer(randomBytes(512), { compression: "none" })).config()).history,
      undefined,
    );
  });

  it("leaves an artifact's config byte for byte", async () => {
    const { image } = await foreignImage(`{ "mine" : 1 }`, { configType: "application/vnd.example+json" });
    const edited = image.append(layer(randomBytes(512), { compression: "none" }));
    assert.equal(text(await edited.rawConfigFile()), `{ "mine" : 1 }`);
    assert.equal((await edited.manifest()).config.digest, await image.configName());
    assert.equal((await edited.manifest()).layers.length, 2);
  });
});
