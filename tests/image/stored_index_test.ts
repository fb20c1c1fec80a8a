import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { streamOf, utf8 } from "../../src/bytes.ts";
import type { Source } from "../../src/content/contracts.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage, openImage } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { put } from "./documents.ts";

describe("an index in a source", () => {
  it("is refused when indexes stand too deep in one another", async () => {
    const store = memory();
    let inner = (await copy(emptyImage(), store)).descriptor;
    for (let depth = 0; depth < 20; depth++) {
      inner = await put(store, { schemaVersion: 2, manifests: [inner] });
    }
    await assert.rejects(openImage(store, inner.digest), {
      code: "too-large",
      message: /16 indexes in one another/,
    });
  });

  it("that is a manifest too is refused", async () => {
    const store = memory();
    const { descriptor: config } = await copy(emptyImage(), store);
    const both = utf8(JSON.stringify({ schemaVersion: 2, manifests: [], layers: [], config }));
    const digest = await digestBytes(both);
    const lying: Source = {
      resolve: () =>
        Promise.resolve({ descriptor: { mediaType: mediaTypes.ociIndex, digest, size: both.byteLength } }),
      open: () => Promise.resolve(streamOf(both)),
    };
    await assert.rejects(openImage(lying, "v1"), { code: "invalid-document" });
  });
});
