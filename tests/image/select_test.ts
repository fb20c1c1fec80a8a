import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { emptyImage, type Image, openRoot, selectImage } from "../../src/image/mod.ts";
import { parsePlatform } from "../../src/spec/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { multi } from "./documents.ts";

describe("selectImage", () => {
  it("gives an image itself, and of an index the one for the platform", async () => {
    const image = emptyImage(parsePlatform("linux/arm64"));
    assert.equal(await selectImage(image), image);
    assert.equal(await selectImage(image, parsePlatform("windows/amd64")), image);
    const { store, index } = await multi();
    const root = await openRoot(store, index.digest);
    const architecture = async (image: Image) => (await image.config()).architecture;
    assert.equal(await architecture(await selectImage(root)), "amd64");
    assert.equal(await architecture(await selectImage(root, parsePlatform("linux/arm64"))), "arm64");
    await rejects(selectImage(root, parsePlatform("linux/s390x")), "no-platform");
  });
});
