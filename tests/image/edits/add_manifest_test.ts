import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestBytes } from "../../../src/digest/mod.ts";
import { addManifest, emptyImage, emptyIndex, type Image, layer } from "../../../src/image/mod.ts";
import { parsePlatform } from "../../../src/spec/mod.ts";
import { randomBytes } from "../../../src/testing/content.ts";

function imageFor(platform: string): Image {
  return emptyImage(parsePlatform(platform)).append(layer(randomBytes(512), { compression: "none" }));
}

describe("addManifest", () => {
  it("adds to the end, with what is said of it", async () => {
    const [amd64, arm64] = [imageFor("linux/amd64"), imageFor("linux/arm64")];
    const index = emptyIndex()
      .edit(addManifest(amd64, { platform: parsePlatform("linux/amd64") }))
      .edit(addManifest(arm64, { platform: parsePlatform("linux/arm64"), annotations: { a: "1" } }))
      .edit(addManifest(emptyIndex(), { artifactType: "application/vnd.example" }));
    const { manifests } = await index.indexManifest();
    assert.deepEqual(manifests, [
      { ...await amd64.descriptor(), platform: { os: "linux", architecture: "amd64" } },
      {
        ...await arm64.descriptor(),
        platform: { os: "linux", architecture: "arm64" },
        annotations: { a: "1" },
      },
      { ...await emptyIndex().descriptor(), artifactType: "application/vnd.example" },
    ]);
    assert.equal(await index.select(parsePlatform("linux/arm64")), arm64);
    assert.equal(await index.image(await amd64.digest()), amd64);
    assert.equal(await index.digest(), await digestBytes(await index.rawManifest()));
    assert.equal(await index.size(), (await index.rawManifest()).byteLength);
  });
});
