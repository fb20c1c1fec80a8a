import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Source } from "../../src/content/contracts.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, Image, Index, openImage, openRoot } from "../../src/image/mod.ts";
import { parsePlatform } from "../../src/spec/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { multi } from "./documents.ts";

describe("openRoot", () => {
  it("gives an image or an index, by name, digest or descriptor", async () => {
    const { store, index } = await multi();
    const root = await openRoot(store, index.digest);
    assert.ok(root instanceof Index);
    assert.ok(await openRoot(store, index) instanceof Index);
    const { manifests } = await root.indexManifest();
    assert.ok(await openRoot(store, manifests[0]!) instanceof Image);
    await rejects(openRoot(store, "v1"), "not-found");
  });

  it("reads nothing when the document is given with its descriptor", async () => {
    const { store, index } = await multi();
    const document = await (await openRoot(store, index)).rawManifest();
    const silent: Source = {
      resolve: () => Promise.reject(new Error("resolved")),
      open: () => Promise.reject(new Error("opened")),
    };
    const root = await openRoot(silent, index, { document });
    assert.equal((await root.children()).length, 3);
    await assert.rejects((await openRoot(silent, index)).rawManifest(), /opened/);
  });
});

describe("openImage", () => {
  it("gives an image itself, and of an index the one for the platform", async () => {
    const { store, index } = await multi();
    await copy(emptyImage(parsePlatform("linux/s390x")), store, { name: "one" });
    const architecture = async (image: Image) => (await image.config()).architecture;
    assert.equal(await architecture(await openImage(store, "one")), "s390x");
    assert.equal(await architecture(await openImage(store, index)), "amd64");
    const platform = parsePlatform("linux/386");
    assert.equal(await architecture(await openImage(store, index, { platform })), "386");
  });
});
