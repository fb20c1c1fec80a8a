import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Source, Target } from "../../src/content/contracts.ts";
import { type Memory, memory, overlay } from "../../src/content/mod.ts";
import { copy, type CopyEvent, referrersOf } from "../../src/copy/mod.ts";
import { emptyImage, layer, openRoot } from "../../src/image/mod.ts";
import { type Descriptor, mediaTypes } from "../../src/spec/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { put } from "../image/documents.ts";

const plain = { compression: "none" } as const;

/** Writes an artifact about a manifest. */
async function sign(
  store: Memory,
  subject: Descriptor,
  artifactType = "application/vnd.sig",
): Promise<Descriptor> {
  const signature = emptyImage().append(layer(randomBytes(100), plain));
  await copy(signature, store);
  const manifest = { ...await signature.manifest(), artifactType, subject };
  return await put(store, manifest, { mediaType: mediaTypes.ociManifest });
}

/** An image with a signature that has a signature itself, and an SBOM. */
async function signed() {
  const store = memory();
  const { descriptor: image } = await copy(emptyImage().append(layer(randomBytes(500), plain)), store, {
    name: "v1",
  });
  const signature = await sign(store, image);
  const again = await sign(store, signature);
  const sbom = await sign(store, image, "application/vnd.sbom");
  return { store, image, signature, again, sbom };
}

async function has(target: Target, { digest }: Descriptor): Promise<boolean> {
  return await target.resolve(digest).then(() => true, () => false);
}

describe("copying referrers", () => {
  it("is not done by default", async () => {
    const { store, signature } = await signed();
    const to = memory();
    await copy(await openRoot(store, "v1"), to, { name: "v1" });
    assert.equal(await has(to, signature), false);
  });

  it("copies those of the image, and theirs, after what they are about", async () => {
    const { store, image, signature, again, sbom } = await signed();
    const to = memory();
    const done: string[] = [];
    const progress = (event: CopyEvent) => event.type === "done" && done.push(event.descriptor.digest);
    const { descriptor } = await copy(await openRoot(store, "v1"), to, {
      name: "v1",
      referrers: referrersOf(store),
      progress,
    });
    assert.equal(descriptor.digest, image.digest);
    const order = [image, signature, again].map(({ digest }) => done.indexOf(digest));
    assert.deepEqual(order, [...order].sort((a, b) => a - b));
    const listed = await collect(to.referrers(image));
    assert.deepEqual(listed.map(({ digest }) => digest).sort(), [signature.digest, sbom.digest].sort());
    assert.deepEqual((await collect(to.referrers(signature))).map(({ digest }) => digest), [again.digest]);
    for (const { digest } of [image, signature, again, sbom]) {
      assert.equal(done.filter((one) => one === digest).length, 1);
      await (await (await openRoot(to, digest)).content()).open();
    }
    assert.deepEqual(await collect(to.names()), ["v1"]);
  });

  it("copies those of one type", async () => {
    const { store, signature, sbom } = await signed();
    const to = memory();
    const referrers = referrersOf(store, { artifactType: "application/vnd.sbom" });
    await copy(await openRoot(store, "v1"), to, { referrers });
    assert.deepEqual([await has(to, sbom), await has(to, signature)], [true, false]);
  });

  it("copies those of the images of an index, and a referrer that names its subject", async () => {
    const { store, image, signature } = await signed();
    const index = await put(store, { schemaVersion: 2, manifests: [image] });
    const about = await put(store, {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      artifactType: "application/vnd.list",
      manifests: [image, index],
      subject: index,
    });
    const to = memory();
    await copy(await openRoot(store, index), to, { referrers: referrersOf(store) });
    for (const one of [image, index, signature, about]) assert.ok(await has(to, one));
  });

  it("copies those of an image that is there already", async () => {
    const { store, signature } = await signed();
    const to = memory();
    await copy(await openRoot(store, "v1"), to, { name: "v1" });
    const complete: Target = { ...overlay(to), complete: true };
    const { how } = await copy(await openRoot(store, "v1"), complete, {
      name: "v1",
      referrers: referrersOf(store),
    });
    assert.equal(how, "present");
    assert.ok(await has(to, signature));
  });

  it("fails with what fails, when nothing of it runs on", async () => {
    const { store, sbom } = await signed();
    const broken: Source = {
      ...overlay(store),
      referrers: async function* (subject) {
        yield* store.referrers(subject);
        throw new Error("the list breaks off");
      },
    };
    const to = memory();
    const copying = copy(await openRoot(store, "v1"), to, { referrers: referrersOf(broken) });
    await assert.rejects(copying, /the list breaks off/);
    await store.delete((await (await openRoot(store, sbom)).children())[0]!.known!, { role: "blob" });
    await rejects(copy(await openRoot(store, "v1"), to, { referrers: referrersOf(store) }), "not-found");
  });

  it("says so when the source cannot list them", async () => {
    const { store } = await signed();
    const without: Source = {
      resolve: (name, options) => store.resolve(name, options),
      open: (what, options) => store.open(what, options),
    };
    assert.throws(() => referrersOf(without), { code: "unsupported", message: /^copy referrers: / });
  });
});
