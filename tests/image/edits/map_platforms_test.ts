import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import {
  addManifests,
  emptyImage,
  emptyIndex,
  forPlatforms,
  type Image,
  Index,
  type IndexEntry,
  label,
  layer,
  mapPlatforms,
  openRoot,
} from "../../../src/image/mod.ts";
import { annotations, type Platform } from "../../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../../src/testing/content.ts";
import { digestsOf, file, layerWith } from "../tars.ts";

const [amd64, arm64] = ["amd64", "arm64"].map((architecture): Platform => ({
  os: "linux",
  architecture,
})) as [
  Platform,
  Platform,
];
const imageFor = (platform: Platform) =>
  emptyImage(platform).append(layerWith(() => [file("a", platform.architecture)]));

/** Two images, each with an attestation, as BuildKit writes it; stored somewhere. */
async function built(): Promise<Index> {
  const entries: IndexEntry[] = [];
  for (const platform of [amd64, arm64]) {
    const image = imageFor(platform);
    entries.push({ part: image, platform, annotations: { note: platform.architecture } });
    entries.push({
      part: emptyImage().append(layerWith(() => [file("sbom", platform.architecture)])),
      platform: { os: "unknown", architecture: "unknown" },
      annotations: {
        [annotations.attestationType]: "attestation-manifest",
        [annotations.attestationDigest]: await image.digest(),
      },
    });
  }
  const target = memory();
  await copy(emptyIndex().edit(addManifests(entries)), target, { name: "v1" });
  const root = await openRoot(target, "v1");
  assert.ok(root instanceof Index);
  return root;
}

const platformsOf = async (index: Index) =>
  (await index.indexManifest()).manifests.map(({ platform }) => platform?.architecture);

describe("mapPlatforms", () => {
  it("edits all images, and leaves out what is about images that have changed", async () => {
    const index = await built();
    const dropped: (string | undefined)[] = [];
    const onDropped = ({ annotations: notes }: IndexEntry) =>
      void dropped.push(notes?.[annotations.attestationDigest]);
    const edited = index.edit(mapPlatforms(label({ a: "1" }), { onDropped }));
    const { manifests } = await edited.indexManifest();
    assert.deepEqual(manifests.map(({ platform, annotations }) => [platform, annotations]), [
      [amd64, { note: "amd64" }],
      [arm64, { note: "arm64" }],
    ]);
    assert.deepEqual(dropped, [await imageFor(amd64).digest(), await imageFor(arm64).digest()]);
    assert.deepEqual((await (await edited.select(arm64)).config()).config?.Labels, { a: "1" });
    assert.deepEqual(await digestsOf(await edited.select(arm64)), await digestsOf(imageFor(arm64)));
  });

  it("edits the chosen ones only, and keeps attestations whose subject is unchanged", async () => {
    const index = await built();
    const edited = index.edit(mapPlatforms(label({ a: "1" }), { matches: forPlatforms([arm64]) }));
    assert.deepEqual(await platformsOf(edited), ["amd64", "unknown", "arm64"]);
    assert.equal((await edited.indexManifest()).manifests[0]?.digest, await imageFor(amd64).digest());
  });

  it("keeps an index byte for byte where no image changes", async () => {
    const index = await built();
    for (const edit of [{}, label({ gone: null })]) {
      assert.equal(await index.edit(mapPlatforms(edit)).digest(), await index.digest());
    }
    assert.equal(await index.edit(mapPlatforms(() => undefined)).digest(), await index.digest());
  });

  it("follows the platform that the config names", async () => {
    const edited = (await built()).edit(
      mapPlatforms((image) => image.configure({ architecture: "arm", variant: "v7" }), {
        matches: forPlatforms([arm64]),
      }),
    );
    const { manifests } = await edited.indexManifest();
    assert.deepEqual(manifests.at(-1)?.platform, { os: "linux", architecture: "arm", variant: "v7" });
  });

  it("goes into indexes in the index", async () => {
    const index = await built();
    const outer = emptyIndex().edit(
      addManifests([{ part: index }, { part: imageFor(amd64), platform: amd64 }]),
    );
    const edited = outer.edit(mapPlatforms(label({ a: "1" }), { matches: forPlatforms([arm64]) }));
    const [inner, image] = await edited.children();
    assert.deepEqual(await platformsOf(inner as Index), ["amd64", "unknown", "arm64"]);
    assert.equal(await (image as Image).digest(), await imageFor(amd64).digest());
  });

  it("takes layers that can be read once, which all images share", async () => {
    const once = layer(pieces(randomBytes(5000), 999), { compression: "none" });
    const target = memory();
    await copy((await built()).edit(mapPlatforms((image) => image.append(once))), target, { name: "v1" });
    const found = await openRoot(target, "v1") as Index;
    for (const platform of [amd64, arm64]) {
      assert.equal((await digestsOf(await found.select(platform)))[1], await once.digest());
    }
  });
});
