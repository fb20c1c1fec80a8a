import { requireNoTemporaryFiles } from "../../support/temporary_files.ts";
import assert from "node:assert/strict";
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive, type ArchiveFormat, saveArchive, writeArchive } from "../../../src/archive/mod.ts";
import { type Bytes, utf8 } from "../../../src/bytes.ts";
import { type Content, memory, type Part, type Target } from "../../../src/content/mod.ts";
import { copy, type CopyEvent } from "../../../src/copy/mod.ts";
import { emptyImage, type Image, layer, openImage, openRoot, validate } from "../../../src/image/mod.ts";
import { type Descriptor, type Digest, mediaTypes } from "../../../src/spec/mod.ts";
import { readTar } from "../../../src/tar/mod.ts";
import { fixture, needsFixtures } from "../../support/fixtures.ts";
import { collect, contentOf, inDirectory } from "../../layout/support.ts";
import {
  blobOf,
  bytesOf,
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

const plain = { compression: "none" } as const;

const formats: readonly ArchiveFormat[] = ["combined", "oci", "docker", "legacy"];
const refName = "org.opencontainers.image.ref.name";
const fullName = "io.containerd.image.name";

/** An archive of one image, read back. */
async function written(
  image: Part,
  names: string[] = [],
  format?: ArchiveFormat,
): Promise<Map<string, string>> {
  return await filesIn(writeArchive([{ image, names }], { format }));
}

function json(files: Map<string, string>, path: string) {
  return JSON.parse(files.get(path) ?? "");
}

/** Puts an image with these layers and this config into a repository. */
async function put(
  target: Target,
  layers: { bytes: Bytes; mediaType: string; urls?: string[] }[],
  config: string,
  { configType = mediaTypes.ociConfig as string, name = "v1" } = {},
): Promise<Descriptor> {
  const blobs: Descriptor[] = [];
  for (const { bytes, mediaType, urls } of layers) {
    await target.write(await contentOf(bytes, mediaType));
    blobs.push({ ...descriptorOf(bytes, mediaType), ...(urls && { urls }) });
  }
  await target.write(await contentOf(utf8(config), configType));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(utf8(config), configType),
    layers: blobs,
  };
  const content = await contentOf(utf8(JSON.stringify(manifest)), mediaTypes.ociManifest);
  return (await target.write(content, { role: "manifest", name })).descriptor;
}

/** An index of images for some platforms, and what nobody can run. */
async function indexOf(target: Target, architectures: string[]): Promise<Descriptor> {
  const manifests: Descriptor[] = [];
  for (const architecture of architectures) {
    const { descriptor } = await copy(await imageOf(architecture, { architecture }), target);
    manifests.push({
      ...descriptor,
      platform: { os: architecture === "unknown" ? "unknown" : "linux", architecture },
    });
  }
  const bytes = utf8(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
  return (await target.write(await contentOf(bytes, mediaTypes.ociIndex), { role: "manifest", name: "v1" }))
    .descriptor;
}

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
    "of docker save": async () => openImage(archive(new Blob([await tarOf(await saved())])), "@0"),
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

describe("a plain Docker archive", () => {
  it("G10: has its files by their hashes, without colons", async () => {
    const tar = await layerTar("one");
    const target = memory();
    const layers = [{ bytes: gzipped(tar), mediaType: mediaTypes.ociLayerGzip }, {
      bytes: tar,
      mediaType: mediaTypes.ociLayer,
    }];
    await put(target, layers, configFor([tar, tar]));
    const files = await written(await openImage(target, "v1"), ["app:v1"], "docker");
    const hex = (bytes: Bytes) => digestOf(bytes).slice(7);
    const config = `${digestOf(configFor([tar, tar])).slice(7)}.json`;
    const paths = [`${hex(gzipped(tar))}.tar.gz`, `${hex(tar)}.tar`];
    assert.deepEqual([...files.keys()], ["manifest.json", ...paths, config]);
    assert.deepEqual(json(files, "manifest.json"), [{ Config: config, RepoTags: ["app:v1"], Layers: paths }]);
    const zstd = await written(await imageOf("z", { compression: "zstd" }), [], "docker");
    assert.match(json(zstd, "manifest.json")[0].Layers[0], /^[0-9a-f]{64}\.tar\.zst$/);
  });
});

describe("a legacy archive", () => {
  it("G11: has a directory with json and VERSION for each layer, in a chain of parents", async () => {
    const tars = await Promise.all(["a", "b"].map(layerTar));
    const config = configFor(tars, {
      created: "2024-01-02T03:04:05.120000Z",
      config: { Cmd: ["<sh>"], Labels: { b: "1", a: "2" } },
      history: [{ created_by: "a & b" }, { empty_layer: true }, {
        created: "2024-01-01T00:00:00Z",
        comment: "c",
      }],
    });
    const target = memory();
    await put(
      target,
      tars.map((tar) => ({ bytes: gzipped(tar), mediaType: mediaTypes.ociLayerGzip })),
      config,
    );
    const files = await written(await openImage(target, "v1"), ["localhost:5000/app:v1", "app:v0"], "legacy");
    const [{ Config, RepoTags, Layers }] = json(files, "manifest.json");
    assert.deepEqual(RepoTags, ["app:v0", "localhost:5000/app:v1"]);
    assert.equal(Config, `${digestOf(config).slice(7)}.json`);
    const ids = Layers.map((path: string) => path.replace("/layer.tar", ""));
    const names = ids.flatMap((id: string) => [`${id}/layer.tar`, `${id}/json`, `${id}/VERSION`]);
    assert.deepEqual([...files.keys()], [Config, ...names, "manifest.json", "repositories"]);
    const below = digestOf(`${digestOf(gzipped(tars[0]!)).slice(7)} `).slice(7);
    assert.deepEqual(ids, [
      below,
      digestOf(`${digestOf(gzipped(tars[1]!)).slice(7)} ${below} ${config}`).slice(7),
    ]);
    for (const [i, id] of ids.entries()) {
      assert.equal(files.get(`${id}/VERSION`), "1.0");
      assert.equal(digestOf(Buffer.from(files.get(`${id}/layer.tar`)!, "latin1")), digestOf(tars[i]!));
    }
    assert.equal(
      files.get(`${ids[0]}/json`),
      '{"architecture":"","created":"0001-01-01T00:00:00Z","os":"","rootfs":{"type":"","diff_ids":null},"config":{},' +
        `"container_config":{"Cmd":["a \\u0026 b"]},"id":"${ids[0]}"}`,
    );
    assert.equal(
      files.get(`${ids[1]}/json`),
      '{"architecture":"amd64","created":"2024-01-02T03:04:05.12Z","os":"linux","rootfs":{"type":"","diff_ids":null},' +
        '"config":{"Cmd":["\\u003csh\\u003e"],"Labels":{"a":"2","b":"1"}},"container_config":{"Cmd":[""]},' +
        `"id":"${ids[1]}","parent":"${ids[0]}","comment":"c"}`,
    );
    assert.equal(
      files.get("repositories"),
      `{"app":{"v0":"${ids[1]}"},"localhost:5000/app":{"v1":"${ids[1]}"}}`,
    );
  });

  it("has images in the order of their configs, and shared layers once", async () => {
    const base = emptyImage().append(layer(await layerTar("base"), plain));
    const images = await Promise.all(
      ["a", "b", "c"].map(async (text) => base.append(layer(await layerTar(text), plain))),
    );
    const files = await filesIn(
      writeArchive(images.map((image, i) => ({ image, names: [`app:${i}`] })), { format: "legacy" }),
    );
    const configs = json(files, "manifest.json").map(({ Config }: { Config: string }) => Config);
    assert.deepEqual(configs, [...configs].sort());
    assert.equal([...files.keys()].filter((path) => path.endsWith("/layer.tar")).length, 4);
  });

  it("has no place for an image without layers, or with another history", async () => {
    await assert.rejects(written(emptyImage(), [], "legacy"), fails("unsupported", /has no layers/));
    const target = memory();
    const tar = await layerTar("a");
    await put(
      target,
      [{ bytes: tar, mediaType: mediaTypes.ociLayer }],
      configFor([tar], { history: [{}, {}] }),
    );
    await assert.rejects(
      written(await openImage(target, "v1"), [], "legacy"),
      fails("unsupported", /has 1 layers, and a history of 2/),
    );
  });
});

describe("an archive of any format", () => {
  it("G16: is a plain ustar of regular files, without owners, times and directories", async () => {
    for (const format of formats) {
      const tar = writeArchive([{ image: await imageOf("one"), names: ["app:v1"] }], { format });
      for await (const { type, path, mode, uid, gid, uname, mtime, pax, header } of readTar(tar)) {
        assert.deepEqual(
          { type, mode, uid, gid, uname, mtime, pax: pax.size, header: header.length },
          {
            type: "file",
            mode: 0o644,
            uid: 0,
            gid: 0,
            uname: "",
            mtime: { seconds: 0, nanoseconds: 0 },
            pax: 0,
            header: 512,
          },
        );
        assert.ok(!path.startsWith(".") && !path.includes(":") && path.length <= 100, path);
      }
    }
  });

  it("G23: has the same bytes everywhere", async () => {
    const expected: Record<ArchiveFormat, string> = {
      combined: "0f8fbc7717fe0068",
      oci: "bf5eb6b0df98b372",
      docker: "c511e7d29087eb01",
      legacy: "62a5fc62551e6bf0",
    };
    for (const format of formats) {
      const tar = await bytesOf(
        writeArchive([{ image: await imageOf("one"), names: ["app:v1"] }], { format }),
      );
      assert.equal(digestOf(tar).slice(7, 23), expected[format], format);
    }
  });

  it("G24: checks names before it reads anything", async () => {
    const image = untouchable();
    for (const name of ["UPPER:v1", "app:", "app:a b", `app:${"x".repeat(129)}`, `app@${digestOf("x")}`]) {
      for (const format of ["combined", "docker", "legacy"] as const) {
        await assert.rejects(written(image, [name], format), fails("invalid-name", /:/), name);
      }
    }
    const twice = writeArchive([{ image, names: ["app:v1"] }, { image, names: ["docker.io/app:v1"] }]);
    await assert.rejects(
      bytesOf(twice),
      fails("invalid-name", /"docker\.io\/app:v1": a name is given twice/),
    );
  });

  it("reads back as the images that it was made of", needsFixtures, async () => {
    for (const name of ["dive-test-kaniko-image.tar", "jib-docker-save.tar", "snyk-save-hello-world.tar"]) {
      const image = await openImage(archive(fixture(`docker-archives/${name}`)), "@0");
      const facts = async (
        of: Image,
      ) => [await of.configName(), await Promise.all((await of.layers()).map((layer) => layer.diffID()))];
      for (const format of formats) {
        const blob = await new Response(writeArchive([{ image, names: ["app:v1"] }], { format })).blob();
        const again = await openImage(archive(blob), "app:v1");
        assert.deepEqual(await facts(again), await facts(image), `${name} as ${format}`);
        assert.deepEqual(await validate(again), []);
        if (format === "combined" || format === "oci") {
          assert.equal(await again.digest(), await image.digest());
        }
      }
    }
  });

  it("may hold several images, and what they share once", async () => {
    const base = emptyImage().append(layer(await layerTar("base"), plain));
    const images = await Promise.all(
      ["a", "b"].map(async (text) => base.append(layer(await layerTar(text), plain))),
    );
    for (const format of formats) {
      const blob = await new Response(
        writeArchive(images.map((image, i) => ({ image, names: [`app:${i}`, `app:also-${i}`] })), { format }),
      ).blob();
      const there = archive(blob);
      assert.deepEqual(await collect(there.names()), ["app:0", "app:1", "app:also-0", "app:also-1"]);
      for (const [i, image] of images.entries()) {
        const again = await openImage(there, `app:also-${i}`);
        assert.equal(await again.configName(), await image.configName());
      }
    }
  });

  it("takes layers that can be read once, and leaves no temporary file", async () => {
    for (const format of formats) {
      const tar = await layerTar("once");
      const once = () =>
        emptyImage().append(layer(new Blob([tar]).stream(), { compression: "zstd" })).configure({
          cmd: ["x"],
        });
      const blob = await new Response(writeArchive([{ image: once(), names: ["app:v1"] }], { format }))
        .blob();
      const image = await openImage(archive(blob), "app:v1");
      assert.deepEqual((await image.config()).rootfs.diff_ids, [digestOf(tar)]);
      assert.deepEqual(await validate(image), []);
    }
    await requireNoTemporaryFiles();
  });

  it("is written in one pass: nothing before it is read, everything once", async () => {
    const { target, opened } = await watched();
    for (const format of formats) {
      const image = await openImage(target, "v1");
      opened.clear();
      const stream = writeArchive([{ image }], { format });
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(opened.size, 0);
      await bytesOf(stream);
      const layers = await image.layers();
      for (const layer of layers) assert.equal(opened.get(layer.known!.digest), 1, format);
    }
  });

  it("lets go of everything when nobody wants the rest", async () => {
    let cancelled = 0;
    const endless = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(new Uint8Array(65536)),
      cancel: () => void cancelled++,
    });
    const layer = await layerTar("a");
    const image = partOf(layer, {
      digest: digestOf(layer),
      size: 1_000_000_000,
      open: () => Promise.resolve(endless),
    });
    const reader = writeArchive([{ image }], { format: "oci" }).getReader();
    for (let read = 0; read < 1_000_000;) read += (await reader.read()).value!.length;
    await reader.cancel();
    assert.equal(cancelled, 1);
    const unread = writeArchive([{ image: untouchable() }]);
    await unread.cancel();
  });

  it("tells how it goes on", async () => {
    const events: CopyEvent[] = [];
    const image = await imageOf("one");
    await bytesOf(writeArchive([{ image }], { progress: (event) => events.push(event) }));
    const done = events.flatMap((event) => event.type === "done" ? [event.descriptor.digest] : []);
    assert.deepEqual(done, [
      await (await image.layers())[0]!.digest(),
      await image.configName(),
      await image.digest(),
    ]);
    assert.deepEqual(events.slice(0, 3).map(({ type }) => type), ["start", "progress", "done"]);
  });
});

describe("saving an archive", () => {
  it("replaces the file when all of it is there, and tells what is in it", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      await writeFile(path, "before");
      const images = [{ image: await imageOf("a") }, { image: await imageOf("b"), names: ["b:1"] }];
      const roots = await saveArchive(path, images);
      assert.deepEqual(roots, await Promise.all(images.map(({ image }) => image.descriptor())));
      assert.deepEqual(new Uint8Array(await readFile(path)), await bytesOf(writeArchive(images)));
      assert.deepEqual(await readdir(directory), ["app.tar"]);
    }));

  it("leaves what was there when a blob is not what it should be, is cut, or is not there", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      const layer = await layerTar("a");
      const right = { digest: digestOf(layer), size: layer.length };
      const open = (bytes: Bytes) => () => Promise.resolve(new Blob([bytes]).stream());
      const flipped = layer.slice();
      flipped[0]! ^= 1;
      const cases: [Part, RegExp][] = [
        [partOf(layer, { ...right, open: open(flipped) }), /^read sha256:.*, expected sha256:/],
        [partOf(layer, { ...right, open: open(layer.slice(1)) }), /2047 bytes, expected 2048/],
        [partOf(layer, { ...right, open: open(new Uint8Array(4000)) }), /more than the expected 2048 bytes/],
        [partOf(layer, { ...right, open: () => Promise.reject(new Error("gone")) }), /^gone$/],
      ];
      for (const before of [undefined, "before"]) {
        if (before) await writeFile(path, before);
        for (const [image, words] of cases) {
          await assert.rejects(
            saveArchive(path, [{ image }], { format: "oci" }),
            (error: Error) => words.test(error.message),
          );
          assert.deepEqual(await readdir(directory), before ? ["app.tar"] : []);
        }
      }
      assert.equal(await readFile(path, "utf8"), "before");
    }));

  it("stops when it is told to, and leaves nothing", () =>
    inDirectory(async (directory) => {
      const layer = await layerTar("a");
      const stop = new AbortController();
      const hanging = new ReadableStream<Bytes>({ pull: () => stop.abort(new Error("enough")) });
      const image = partOf(layer, {
        digest: digestOf(layer),
        size: layer.length,
        open: () => Promise.resolve(hanging),
      });
      const saving = saveArchive(join(directory, "app.tar"), [{ image }], {
        signal: stop.signal,
        format: "oci",
      });
      await assert.rejects(saving, /^Error: enough$/);
      assert.deepEqual(await readdir(directory), []);
      await requireNoTemporaryFiles();
    }));

  it("goes through links, into devices, and not over directories", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      await mkdir(join(directory, "there"));
      await writeFile(join(directory, "there/real.tar"), "before");
      await symlink("there/real.tar", path);
      const image = await imageOf("a");
      await saveArchive(path, [{ image }]);
      assert.ok((await lstat(path)).isSymbolicLink());
      assert.equal(
        (await archive(join(directory, "there/real.tar")).resolve("@0")).descriptor.digest,
        await image.digest(),
      );
      await saveArchive("/dev/null", [{ image }]);
      assert.ok((await lstat("/dev/null")).isCharacterDevice());
      await assert.rejects(saveArchive(directory, [{ image }]), fails("unsupported", /a directory is there/));
      await assert.rejects(
        saveArchive(join(directory, "no/app.tar"), [{ image }]),
        fails("storage", /app\.tar/),
      );
    }));

  it("takes a file apart and puts it together in place", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      const image = await imageOf("a");
      await saveArchive(path, [{ image, names: ["app:v1"] }]);
      const [root] = await saveArchive(path, [{
        image: await openRoot(archive(path), "app:v1"),
        names: ["app:v2"],
      }]);
      assert.equal(root!.digest, await image.digest());
      assert.deepEqual(await collect(archive(path).names()), ["app:v2"]);
    }));
});

/** A manifest whose only layer's bytes come from the test. */
function partOf(layer: Bytes, content: Partial<Content>): Part {
  const blob: Content = {
    mediaType: mediaTypes.ociLayer,
    replayable: true,
    open: () => assert.fail("not told"),
    ...content,
  };
  const leaf: Part = {
    role: "blob",
    children: () => Promise.resolve([]),
    content: () => Promise.resolve(blob),
  };
  const manifest = utf8(JSON.stringify({ layer: digestOf(layer) }));
  return {
    role: "manifest",
    children: () => Promise.resolve([leaf]),
    content: () => contentOf(manifest, mediaTypes.ociManifest),
  };
}

/** What must not be looked at. */
function untouchable(): Part {
  const fail = () => assert.fail("it was looked at");
  return { role: "manifest", children: fail, content: fail };
}

/** A repository that counts how often a blob is opened. */
async function watched(): Promise<{ target: Target; opened: Map<Digest, number> }> {
  const kept = memory();
  const opened = new Map<Digest, number>();
  const layers = await Promise.all(
    ["a", "b"].map(async (text) => ({ bytes: await layerTar(text), mediaType: mediaTypes.ociLayer })),
  );
  await put(kept, layers, configFor(layers.map(({ bytes }) => bytes)));
  const target = Object.create(kept, {
    resolve: { value: kept.resolve.bind(kept) },
    open: {
      value: (...args: Parameters<Target["open"]>) => {
        opened.set(args[0].digest, (opened.get(args[0].digest) ?? 0) + 1);
        return kept.open(...args);
      },
    },
  }) as Target;
  return { target, opened };
}
