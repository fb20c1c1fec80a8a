import { fullName, indexOf, json, plain, put, refName, written } from "./support.ts";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archive, writeArchive } from "../../../src/archive/mod.ts";
import { utf8 } from "../../../src/bytes.ts";
import { memory, type Part } from "../../../src/content/mod.ts";
import { emptyImage, layer, openImage, openRoot, validate } from "../../../src/image/mod.ts";
import { type Descriptor, mediaTypes } from "../../../src/spec/mod.ts";
import { contentOf } from "../../layout/support.ts";
import {
  blobOf,
  configFor,
  descriptorOf,
  digestOf,
  fails,
  type Files,
  filesIn,
  gzipped,
  imageOf,
  layerTar,
  ociFiles,
  saved,
  tarOf,
} from "../support.ts";

describe("a combined archive", () => {
  it("G1 G2 G3: is a layout and Docker's at once, and both agree", async () => {
    const image = await imageOf("one");
    const files = await written(image, ["localhost:5000/app:v1"]);
    const [layer] = await image.layers();
    const [manifest, config] = [await image.digest(), await image.configName()];
    const blobs = [await layer!.digest(), config, manifest];
    assert.deepEqual([...files.keys()], ["oci-layout", "index.json", "manifest.json", ...blobs.map(blobOf)]);
    for (const digest of blobs) {
      assert.equal(digestOf(Buffer.from(files.get(blobOf(digest))!, "latin1")), digest);
    }
    assert.deepEqual(json(files, "oci-layout"), { imageLayoutVersion: "1.0.0" });
    assert.deepEqual(json(files, "index.json"), {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [{
        ...await image.descriptor(),
        annotations: { [fullName]: "localhost:5000/app:v1", [refName]: "v1" },
      }],
    });
    assert.deepEqual(json(files, "manifest.json"), [
      { Config: blobOf(config), RepoTags: ["localhost:5000/app:v1"], Layers: [blobOf(blobs[0]!)] },
    ]);
  });

  it("G4 G5: has names in full for containerd, in short for Docker, and none for what has none", async () => {
    const image = await imageOf("one");
    const cases: [string, string, string, string][] = [
      ["app", "app:latest", "docker.io/library/app:latest", "latest"],
      ["docker.io/library/app:v1", "app:v1", "docker.io/library/app:v1", "v1"],
      ["a/b:v1", "a/b:v1", "docker.io/a/b:v1", "v1"],
      ["localhost:5000/app", "localhost:5000/app:latest", "localhost:5000/app:latest", "latest"],
    ];
    for (const [name, familiar, full, tag] of cases) {
      const files = await written(image, [name]);
      assert.deepEqual(json(files, "manifest.json")[0].RepoTags, [familiar]);
      assert.deepEqual(json(files, "index.json").manifests[0].annotations, {
        [fullName]: full,
        [refName]: tag,
      });
    }
    const unnamed = await written(image);
    assert.equal(json(unnamed, "manifest.json")[0].RepoTags, null);
    assert.deepEqual(json(unnamed, "index.json").manifests, [await image.descriptor()]);
  });

  it("G6: lists artifacts in the layout alone", async () => {
    const target = memory();
    const { digest } = await put(target, [], "{}", { configType: mediaTypes.ociEmpty });
    const artifact = await openImage(target, "v1");
    const files = await written(artifact, ["app:v1"]);
    assert.equal(files.get("manifest.json"), "[]");
    assert.equal(json(files, "index.json").manifests[0].digest, digest);
    for (const format of ["docker", "legacy"] as const) {
      await assert.rejects(
        written(artifact, [], format),
        fails("unsupported", /is no image with a file system/),
      );
    }
  });

  it("G7: is not written of an image that Docker would refuse", async () => {
    const target = memory();
    await put(target, [{ bytes: await layerTar("a"), mediaType: mediaTypes.ociLayer }], configFor([]));
    const image = await openImage(target, "v1");
    for (const format of ["combined", "docker", "legacy"] as const) {
      await assert.rejects(
        written(image, [], format),
        fails("invalid-document", /has 1 layers and 0 diffIDs/),
      );
    }
    assert.ok((await written(image, [], "oci")).has(blobOf(await image.digest())));
  });

  it("G9: has a layer once that stands in an image twice", async () => {
    const tar = await layerTar("a");
    const image = emptyImage().append(layer(tar, plain)).append(layer(tar, plain));
    const files = await written(image);
    assert.equal(files.size, 6);
    assert.equal(json(files, "manifest.json")[0].Layers.length, 2);
    const [there] = [archive(await new Response(writeArchive([{ image }])).blob())];
    assert.deepEqual(await validate(await openImage(there, "@0")), []);
  });

  it("G12 G20: leaves out layers that are not to be distributed, and says where they are", async () => {
    const target = memory();
    const [base, own] = [await layerTar("base"), await layerTar("own")];
    const foreign = {
      bytes: gzipped(base),
      mediaType: mediaTypes.ociForeignLayerGzip,
      urls: ["https://example.com/base"],
    };
    const config = configFor([base, own], { os: "windows", "os.version": "10.0.20348.1" });
    await put(target, [foreign, { bytes: own, mediaType: mediaTypes.ociLayer }], config);
    const image = await openImage(target, "v1");
    const source = { ...descriptorOf(foreign.bytes, foreign.mediaType), urls: foreign.urls };
    for (const format of ["combined", "docker"] as const) {
      for (const foreign of [false, true]) {
        const files = await filesIn(writeArchive([{ image }], { format, foreign }));
        const [item] = json(files, "manifest.json");
        assert.deepEqual(item.LayerSources, { [digestOf(base)]: source });
        assert.equal(files.has(item.Layers[0]), foreign);
        assert.equal(files.has(item.Layers[1]), true);
      }
    }
    await assert.rejects(written(image, [], "legacy"), fails("unsupported", /not to be distributed/));
    assert.ok(
      (await filesIn(writeArchive([{ image }], { format: "legacy", foreign: true }))).has("repositories"),
    );
    // G22: what is said of Windows stays as it is.
    const blob = await new Response(writeArchive([{ image }], { foreign: true })).blob();
    assert.equal(await (await openImage(archive(blob), "@0")).digest(), await image.digest());
  });

  it("holds an index whole, of which Docker gets one image", async () => {
    const target = memory();
    const { digest } = await indexOf(target, ["unknown", "s390x", "amd64"]);
    const image = await openRoot(target, "v1");
    const configOf = async (architecture: string) =>
      blobOf(await (await openImage(target, "v1", { platform: { os: "linux", architecture } })).configName());
    const chosen = async (architecture?: string) => {
      const platform = architecture === undefined ? undefined : { os: "linux", architecture };
      const files = await filesIn(writeArchive([{ image, names: ["app:v1"] }], { platform }));
      assert.equal(json(files, "index.json").manifests[0].digest, digest);
      assert.equal([...files.keys()].filter((path) => path.startsWith("blobs/")).length, 10);
      return json(files, "manifest.json")[0].Config;
    };
    assert.equal(await chosen(), await configOf("amd64"));
    assert.equal(await chosen("s390x"), await configOf("s390x"));
    assert.equal(await chosen("riscv64"), await configOf("s390x"));
    const blob = await new Response(writeArchive([{ image, names: ["app:v1"] }])).blob();
    assert.equal((await archive(blob).resolve("app:v1")).descriptor.digest, digest);
  });
});

describe("an OCI archive", () => {
  it("G4 G17: has names as they are given, and nothing for Docker", async () => {
    const image = await imageOf("one");
    const cases: [string, object][] = [
      ["v1", { [refName]: "v1" }],
      ["app:v1", { [fullName]: "docker.io/library/app:v1", [refName]: "app:v1" }],
      ["localhost:5000/app:v1", { [refName]: "localhost:5000/app:v1" }],
      ["Not/A-Reference", { [refName]: "Not/A-Reference" }],
    ];
    for (const [name, annotations] of cases) {
      const files = await written(image, [name], "oci");
      assert.deepEqual(json(files, "index.json").manifests[0].annotations, annotations);
      assert.ok(!files.has("manifest.json"));
    }
    for (const name of ["", "a b", "-a", digestOf("x")]) {
      await assert.rejects(written(image, [name], "oci"), fails("invalid-name", /not a layout's name/), name);
    }
  });
});

describe("G18 what umoci needs", () => {
  const types: readonly string[] = Object.entries(mediaTypes).flatMap(([name, type]) =>
    name.startsWith("oci") ? [type] : []
  );
  /** Every descriptor that the layout in an archive leads to, those of index.json first. */
  const descriptorsIn = (files: Map<string, string>): Descriptor[] => {
    const found: Descriptor[] = json(files, "index.json").manifests;
    for (const { mediaType, digest } of found) {
      if (mediaType !== mediaTypes.ociManifest && mediaType !== mediaTypes.ociIndex) continue;
      const { config, layers = [], manifests = [] } = json(files, blobOf(digest));
      found.push(...config ? [config] : [], ...layers, ...manifests);
    }
    return found;
  };
  /** Images that come from elsewhere, or are made here, or changed. */
  const images: Record<string, () => Promise<Part>> = {
    "made here": () => imageOf("one"),
    "compressed with zstd": () => imageOf("z", { compression: "zstd" }),
    "without layers": () => Promise.resolve(emptyImage()),
    "with a layer of unknown size": async () =>
      emptyImage().append(layer(new Blob([await layerTar("once")]).stream(), plain)),
    "of docker save": async () =>
      openImage(archive(new Blob([await tarOf(await saved())]), { types: "oci" }), "@0"),
    "in an index": async () => {
      const target = memory();
      await indexOf(target, ["amd64", "arm64"]);
      return openRoot(target, "v1");
    },
  };
  for (const format of ["combined", "oci"] as const) {
    for (const [which, make] of Object.entries(images)) {
      it(`is in ${format} archives of an image ${which}: OCI's types, a ref.name, sizes that are true`, async () => {
        const files = await written(await make(), ["app:v1"], format);
        const all = descriptorsIn(files);
        assert.ok(all.length >= 2);
        for (const { mediaType, digest, size } of all) {
          assert.ok(types.includes(mediaType), mediaType);
          assert.equal(size, files.get(blobOf(digest))!.length);
        }
        const { manifests } = json(files, "index.json");
        const names = manifests.map(({ annotations }: Descriptor) => annotations?.[refName]);
        assert.deepEqual(names, [format === "oci" ? "app:v1" : "v1"]);
      });
    }
  }

  it("is kept up when an image is read: sizes below zero are refused", async () => {
    const blob = descriptorOf(await layerTar("oci"), mediaTypes.ociLayer);
    const { files } = await ociFiles();
    const index = String(files[1]![1]).replace(/"size":\d+/, '"size":-1');
    const cases: Files[] = [
      files.map(([path, content]) => [path, path === "index.json" ? index : content]),
      (await ociFiles({ layers: [{ ...blob, size: -1 }] })).files,
    ];
    for (const files of cases) {
      const there = archive(new Blob([await tarOf(files)]));
      const read = async () => await (await openImage(there, "@0")).manifest();
      await assert.rejects(read(), fails("invalid-document", /size/));
    }
  });

  it("is not all of it: what an image says besides stays, such as data and a subject", async () => {
    const target = memory();
    const config = utf8("{}");
    await target.write(await contentOf(config, mediaTypes.ociEmpty));
    const subject = descriptorOf(utf8("elsewhere"), mediaTypes.ociManifest);
    const artifact = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: "application/x",
      config: { ...descriptorOf(config, mediaTypes.ociEmpty), data: "e30=" },
      layers: [{ ...descriptorOf(config, mediaTypes.ociEmpty), data: "e30=" }],
      subject,
    };
    const content = await contentOf(utf8(JSON.stringify(artifact)), mediaTypes.ociManifest);
    await target.write(content, { role: "manifest", name: "v1" });
    for (const format of ["combined", "oci"] as const) {
      const files = await written(await openRoot(target, "v1"), ["app:v1"], format);
      const [{ digest }] = json(files, "index.json").manifests;
      assert.deepEqual(json(files, blobOf(digest)), artifact);
    }
  });
});
