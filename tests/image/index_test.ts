import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, Image, Index, openImage, openRoot } from "../../src/image/mod.ts";
import { parsePlatform } from "../../src/spec/mod.ts";
import { multi, put } from "./documents.ts";

describe("an index", () => {
  it("gives its images and indexes by digest", async () => {
    const { store, index, inner } = await multi();
    const root = await openRoot(store, index.digest);
    assert.ok(root instanceof Index);
    assert.deepEqual(await root.descriptor(), index);
    const { manifests } = await root.indexManifest();
    assert.equal(manifests.length, 3);
    assert.ok(await root.image(manifests[0]!.digest) instanceof Image);
    assert.equal(await (await root.imageIndex(inner.digest)).digest(), inner.digest);
    await assert.rejects(root.image(inner.digest), { code: "not-found" });
    await assert.rejects(root.imageIndex(manifests[0]!.digest), { code: "not-found" });
  });

  it("gives the image for a platform, from indexes inside it too", async () => {
    const { store, index } = await multi();
    for (
      const [asked, architecture] of [[undefined, "amd64"], ["linux/arm64/v8", "arm64"], ["linux/386", "386"]]
    ) {
      const image = await openImage(store, index.digest, {
        platform: asked ? parsePlatform(asked) : undefined,
      });
      assert.equal((await image.config()).architecture, architecture);
    }
  });

  it("prefers the image made for just that platform to one that satisfies it", async () => {
    const store = memory();
    const manifests = [];
    for (const name of ["linux/amd64/v3", "linux/amd64"]) {
      const platform = parsePlatform(name);
      manifests.push({ ...(await copy(emptyImage(platform), store)).descriptor, platform });
    }
    const index = await put(store, { schemaVersion: 2, manifests });
    assert.equal(await (await openImage(store, index.digest)).digest(), manifests[1]!.digest);
    const alone = await put(store, { schemaVersion: 2, manifests: [manifests[0]] });
    assert.equal(await (await openImage(store, alone.digest)).digest(), manifests[0]!.digest);
  });

  it("says which platforms it has when it has not the one asked for", async () => {
    const { store, index } = await multi();
    await assert.rejects(openImage(store, index.digest, { platform: parsePlatform("linux/s390x") }), {
      code: "no-platform",
      message: `select linux/s390x of ${index.digest}: it offers linux/amd64, linux/arm64, linux/386`,
    });
  });

  it("may name an image twice, which is there twice and is written once", async () => {
    const store = memory();
    const { descriptor } = await copy(emptyImage(), store);
    const manifests = ["linux/amd64", "linux/arm64"].map((name) => ({
      ...descriptor,
      platform: parsePlatform(name),
    }));
    const root = await openRoot(store, await put(store, { schemaVersion: 2, manifests }));
    assert.ok(root instanceof Index);
    const children = await root.children();
    assert.deepEqual(children.map(({ known }) => known?.platform?.architecture), ["amd64", "arm64"]);
    assert.equal(await (await root.select(parsePlatform("linux/arm64"))).digest(), descriptor.digest);
    const done: string[] = [];
    await copy(root, memory(), {
      progress: (event) => event.type === "done" && done.push(event.descriptor.digest),
    });
    assert.equal(done.filter((digest) => digest === descriptor.digest).length, 1);
  });
});
