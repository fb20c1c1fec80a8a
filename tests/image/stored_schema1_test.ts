import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { collect } from "../../src/testing/collect.ts";
import { memory } from "../../src/content/mod.ts";
import type { Source } from "../../src/content/contracts.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { Index, openImage, openRoot } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { rejects } from "../../src/testing/errors.ts";
import { signedSchema1 } from "../support/schema1.ts";
import { streamOf } from "../../src/bytes.ts";

const layer = utf8("a layer");
const layerDigest = await digestBytes(layer);
const { bytes, digest } = await signedSchema1([layerDigest, layerDigest]);
const descriptor = { mediaType: mediaTypes.dockerSchema1Signed, digest, size: bytes.byteLength };
const source: Source = {
  resolve: () => Promise.resolve({ descriptor, document: bytes }),
  open: () => Promise.resolve(streamOf(layer)),
  origins: async function* () {
    yield { registry: "reg.test", repository: "app" };
  },
};

describe("an image of Docker's schema 1", () => {
  it("is shown as it is, and names its layers", async () => {
    const image = await openRoot(source, "v1");
    assert.ok(!(image instanceof Index));
    assert.deepEqual(await image.rawManifest(), bytes);
    assert.deepEqual(await image.descriptor(), descriptor);
    const [part, ...others] = await image.children();
    assert.equal(others.length, 0);
    assert.deepEqual(part!.known, { digest: layerDigest });
    assert.equal((await part!.content()).size, undefined);
    assert.equal((await collect(part!.origins!())).length, 1);
  });

  it("is read again by its digest where only that is known", async () => {
    const image = await openImage(source, descriptor);
    assert.deepEqual(await image.rawManifest(), bytes);
  });

  it("has neither config nor layers to be read, and says what it is", async () => {
    const image = await openImage(source, "v1");
    await rejects(image.layers(), "unsupported", /Docker's schema 1/);
    await rejects(image.config(), "unsupported", /Docker's schema 1/);
    await rejects(image.configPart(), "unsupported", /Docker's schema 1/);
  });

  it("goes to no target that names manifests by their bytes", async () => {
    await rejects(copy(await openImage(source, "v1"), memory()), "unsupported", /Docker's schema 1/);
  });
});
