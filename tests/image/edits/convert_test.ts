import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import {
  addManifests,
  convert,
  convertIndex,
  type ConvertOptions,
  emptyImage,
  emptyIndex,
  type Image,
  layer,
  openImage,
  openRoot,
  validate,
} from "../../../src/image/mod.ts";
import "../../../src/codec/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { digestsOf, file, layerWith } from "../tars.ts";

function image(compression: "none" | "gzip" | "zstd" = "gzip"): Image {
  return emptyImage()
    .append(layerWith(() => [file("a", "a".repeat(5000))], { compression }))
    .append(layerWith(() => [file("b", "b")], { compression }), { annotations: { kept: "yes" } })
    .edit({ manifest: (manifest) => void Object.assign(manifest, { "x-own": [1] }) });
}

async function typesOf(image: Image): Promise<string[]> {
  const { mediaType, config, layers } = await image.manifest();
  return [mediaType!, config.mediaType, ...layers.map(({ mediaType }) => mediaType)];
}

describe("convert", () => {
  it("changes media types to Docker's and back, and nothing else", async () => {
    const docker = image().edit(convert({ format: "docker" }));
    const { dockerManifest, dockerConfig, dockerLayerGzip } = mediaTypes;
    assert.deepEqual(await typesOf(docker), [dockerManifest, dockerConfig, dockerLayerGzip, dockerLayerGzip]);
    assert.equal(await docker.mediaType(), dockerManifest);
    assert.deepEqual((await docker.layers()).map((layer) => layer.mediaType()), [
      dockerLayerGzip,
      dockerLayerGzip,
    ]);
    assert.equal(await docker.configName(), await image().configName());
    assert.equal(await docker.edit(convert({ format: "oci" })).digest(), await image().digest());
    assert.equal(await image().edit(convert({ format: "oci" })).digest(), await image().digest());
    const target = memory();
    await copy(docker, target, { name: "v1" });
    const found = await openImage(target, "v1");
    assert.equal((await found.descriptor()).mediaType, dockerManifest);
    assert.deepEqual(await validate(found), []);
  });

  it("compresses anew, and keeps diffIDs, annotations and what is compressed so already", async () => {
    const zstd = image().edit(convert({ compression: "zstd" }));
    assert.deepEqual(
      (await zstd.manifest()).layers.map(({ mediaType, annotations }) => [mediaType, annotations]),
      [
        [mediaTypes.ociLayerZstd, undefined],
        [mediaTypes.ociLayerZstd, { kept: "yes" }],
      ],
    );
    assert.equal(await zstd.configName(), await image().configName());
    assert.deepEqual(await validate(zstd), []);
    assert.equal(await zstd.edit(convert({ compression: "gzip" })).digest(), await image().digest());
    assert.equal(await image().edit(convert({ compression: "gzip" })).digest(), await image().digest());
    const small = image().edit(convert({ level: 9 }));
    assert.deepEqual(await validate(small), []);
    assert.equal(await small.configName(), await image().configName());
  });

  it("refuses zstd in Docker's format before anything is written", async () => {
    assert.throws(() => convert({ format: "docker", compression: "zstd" }), { code: "unsupported" });
    await rejects(
      image("zstd").edit(convert({ format: "docker" })).children(),
      "unsupported",
      /compress with gzip/,
    );
    const both = image("zstd").edit(convert({ format: "docker", compression: "gzip" }));
    assert.equal((await typesOf(both))[2], mediaTypes.dockerLayerGzip);
    const oci = image().edit(convert({ format: "docker" })).edit(convert({ compression: "zstd" }));
    assert.equal(await oci.mediaType(), mediaTypes.ociManifest);
  });

  it("refuses a layer that is not the one that the config names", async () => {
    const wrong = image().edit({ config: ({ rootfs }) => void rootfs.diff_ids.reverse() });
    const target = memory();
    await copy(wrong, target, { name: "v1" });
    const stored = await openImage(target, "v1");
    await rejects(
      copy(stored.edit(convert({ compression: "none" })), memory()),
      "digest-mismatch",
      /layer sha256:/,
    );
  });

  it("leaves an artifact's layers as they are", async () => {
    const text = layer(new TextEncoder().encode("note"), { compression: "none", mediaType: "text/plain" });
    const artifact = emptyImage().append(text);
    assert.deepEqual(
      await digestsOf(artifact.edit(convert({ compression: "gzip" }))),
      await digestsOf(artifact),
    );
  });

  const options = fc.record({
    format: fc.constantFrom("oci", "docker", undefined),
    compression: fc.constantFrom("none", "gzip", undefined),
  });
  it("keeps diffIDs wherever it goes, and comes back to what it was", () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom("none" as const, "gzip" as const),
        fc.array(options, { maxLength: 4 }),
        async (compression, steps) => {
          const start = image(compression);
          const there = steps.reduce((image, step) => image.edit(convert(step as ConvertOptions)), start);
          assert.equal(await there.configName(), await start.configName());
          assert.deepEqual(await validate(there), []);
          const back = there.edit(convert({ format: "oci", compression }));
          assert.equal(await back.digest(), await start.digest());
        },
      ),
      { seed: 21, numRuns: 40 },
    ));
});

describe("convertIndex", () => {
  it("converts all that is in it, in indexes too", async () => {
    const platform = { os: "linux", architecture: "amd64" };
    const inner = emptyIndex().edit(addManifests([{ part: image("none"), platform }]));
    const index = emptyIndex().edit(addManifests([{ part: image(), platform }, { part: inner }]));
    const docker = index.edit(convertIndex({ format: "docker", compression: "gzip" }));
    const target = memory();
    await copy(docker, target, { name: "v1" });
    const found = await openRoot(target, "v1");
    assert.deepEqual(await validate(found), []);
    assert.equal(await found.mediaType(), mediaTypes.dockerIndex);
    const { manifests } = await docker.indexManifest();
    assert.deepEqual(manifests.map(({ mediaType }) => mediaType), [
      mediaTypes.dockerManifest,
      mediaTypes.dockerIndex,
    ]);
    assert.deepEqual(manifests[0]?.platform, platform);
    const back = docker.edit(convertIndex({ format: "oci" }));
    assert.equal((await back.indexManifest()).manifests[0]?.digest, await image().digest());
  });
});
