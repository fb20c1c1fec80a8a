import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { streamOf, utf8 } from "../../src/bytes.ts";
import type { Source } from "../../src/content/contracts.ts";
import { type Memory, memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage, Image, Index, layer, openImage, openRoot, walk } from "../../src/image/mod.ts";
import { type Descriptor, mediaTypes, parsePlatform } from "../../src/spec/mod.ts";
import { randomBytes } from "../support/content.ts";
import { put } from "./documents.ts";

/** amd64 and arm64, and 386 in an index of its own. */
async function multi(): Promise<{ store: Memory; index: Descriptor; inner: Descriptor }> {
  const store = memory();
  const made = async (architecture: string) => {
    const platform = { os: "linux", architecture };
    const image = emptyImage(platform).append(
      layer(randomBytes(512, architecture.length), { compression: "none" }),
    );
    return { ...(await copy(image, store)).descriptor, platform };
  };
  const inner = await put(store, { schemaVersion: 2, manifests: [await made("386")] });
  const manifests = [await made("amd64"), await made("arm64"), inner];
  return {
    store,
    inner,
    index: await put(store, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
  };
}

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

  it("is walked depth first", async () => {
    const { store, index } = await multi();
    const seen: string[] = [];
    for await (const { content, depth } of walk(await openRoot(store, index.digest))) {
      seen.push(`${depth} ${content.mediaType.split(".").slice(3).join(".")}`);
    }
    const image = (
      depth: number,
    ) => [`${depth} manifest.v1+json`, `${depth + 1} layer.v1.tar`, `${depth + 1} config.v1+json`];
    assert.deepEqual(seen, [
      "0 index.v1+json",
      ...image(1),
      ...image(1),
      "1 index.v1+json",
      ...image(2),
    ]);
  });

  it("is walked only into what is wanted", async () => {
    const { store, index } = await multi();
    const depths: number[] = [];
    for await (
      const { depth } of walk(await openRoot(store, index.digest), { into: ({ depth }) => depth < 1 })
    ) {
      depths.push(depth);
    }
    assert.deepEqual(depths, [0, 1, 1, 1]);
  });

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

describe("laziness", () => {
  it("fetches nothing until it is asked, and each thing once", async () => {
    const store = memory();
    await copy(emptyImage().append(layer(randomBytes(512), { compression: "none" })), store, { name: "v1" });
    const asked: string[] = [];
    const source: Source = {
      resolve: (name, options) => {
        asked.push(`resolve ${name} ${options?.document ? "with document" : ""}`);
        return store.resolve(name, options);
      },
      open: (what, options) => {
        asked.push(`open ${what.mediaType}`);
        return store.open(what, options);
      },
    };
    const image = await openImage(source, "v1");
    await Promise.all([image.digest(), image.layers(), image.manifest(), image.rawManifest()]);
    assert.deepEqual(asked, ["resolve v1 with document"]);
    await Promise.all([image.config(), image.config(), (await image.layers())[0]!.diffID()]);
    assert.deepEqual(asked.slice(1), [`open ${mediaTypes.ociConfig}`]);
  });

  it("tries again what has failed", async () => {
    const store = memory();
    await copy(emptyImage(), store, { name: "v1" });
    let failures = 1;
    const flaky: Source = {
      resolve: (name, options) => store.resolve(name, options),
      open: (what, options) =>
        failures-- > 0 ? Promise.reject(new Error("flaky")) : store.open(what, options),
    };
    const image = await openImage(flaky, "v1");
    await assert.rejects(image.config(), /flaky/);
    assert.equal((await image.config()).os, "linux");
  });
});
