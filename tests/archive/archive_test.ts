import { requireNoTemporaryFiles, temporaryFiles } from "../support/temporary_files.ts";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Archive, archive } from "../../src/archive/mod.ts";
import { utf8 } from "../../src/bytes.ts";
import { memory, readVerified } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { Index, openImage, openRoot, validate } from "../../src/image/mod.ts";
import { type Digest, mediaTypes } from "../../src/spec/mod.ts";
import { collect, inDirectory } from "../layout/support.ts";
import { alike } from "../tar/tools.ts";
import {
  blobOf,
  bytesOf,
  configFor,
  counted,
  descriptorOf,
  digestOf,
  fails,
  type Files,
  gzipped,
  headerOf,
  layerTar,
  ociFiles,
  octal,
  saved,
  tarOf,
  zstandard,
} from "./support.ts";

async function opened(files: Files): Promise<Archive> {
  return archive(new Blob([await tarOf(files)]));
}

/** The first image, read whole: its digest. */
async function moved(there: Archive, name = "@0"): Promise<Digest> {
  return (await copy(await openRoot(there, name), memory())).descriptor.digest;
}

describe("an archive of docker save", () => {
  it("G20: gets a manifest of OCI's types that depends on its bytes alone", async () => {
    const there = await opened(await saved());
    const image = await openImage(there, "app:v1");
    const tar = await layerTar("saved");
    assert.equal(
      new TextDecoder().decode(await image.rawManifest()),
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: descriptorOf(utf8(configFor([tar])), mediaTypes.ociConfig),
        layers: [descriptorOf(tar, mediaTypes.ociLayer)],
      }),
    );
    assert.equal(await moved(await opened((await saved()).reverse())), await image.digest());
    assert.deepEqual(await validate(image), []);
  });

  it("is known by the names of its images, in full, in short, and by number", async () => {
    const manifest = [
      { Config: "c.json", RepoTags: ["docker.io/library/app:v1", "quay.io/app:v1"], Layers: ["l/layer.tar"] },
    ];
    const there = await opened(await saved({ manifest }));
    assert.deepEqual(await collect(there.names()), ["docker.io/library/app:v1", "quay.io/app:v1"]);
    const { descriptor } = await there.resolve("@0");
    for (
      const name of [
        "app:v1",
        "docker.io/library/app:v1",
        "docker.io/app:v1",
        "quay.io/app:v1",
        descriptor.digest,
      ]
    ) {
      assert.equal((await there.resolve(name)).descriptor.digest, descriptor.digest, name);
    }
    for (const name of ["app", "@1", "quay.io/app", digestOf("nothing")]) {
      await assert.rejects(there.resolve(name), fails("not-found", /^resolve .* in archive: /), name);
    }
  });

  it("answers to digests that somebody has kept", async () => {
    const tar = await tarOf(await saved());
    const { descriptor } = await archive(new Blob([tar])).resolve("app:v1");
    const another = archive(new Blob([tar]));
    assert.deepEqual((await another.resolve(descriptor.digest)).descriptor, descriptor);
    const layer = digestOf(await layerTar("saved"));
    assert.equal((await archive(new Blob([tar])).resolve(layer, { role: "blob" })).descriptor.size, 2048);
    const part = await bytesOf(await another.open({ digest: layer }, { start: 0, end: 4 }));
    assert.equal(new TextDecoder().decode(part), "file");
  });

  it("F28 G7: is refused when it has more or fewer layers than diffIDs, or no rootfs, or no JSON", async () => {
    const tar = await layerTar("saved");
    const cases: [string, RegExp][] = [
      [configFor([]), /manifest\.json has 1 layers where "c\.json" has 0 diffIDs/],
      [configFor([tar, tar]), /1 layers where "c\.json" has 2 diffIDs/],
      ['{"architecture":"amd64","os":"linux"}', /"c\.json" in archive: no "rootfs"/],
      ['{"architecture":"amd64","os":"linux","rootfs":null}', /no "rootfs"/],
      ["not JSON", /"c\.json" in archive: unexpected/],
    ];
    for (const [config, words] of cases) {
      const there = await opened(await saved({ config }));
      assert.deepEqual(await collect(there.names()), ["app:v1"]);
      await assert.rejects(there.resolve("app:v1"), (error: Error) => words.test(error.message), config);
    }
  });

  it("F28: is refused when a layer is not the config's, and says which", async () => {
    const other = await layerTar("another");
    for (const layer of [gzipped(other), zstandard(other)]) {
      const there = await opened(await saved({ layer }));
      await assert.rejects(
        there.resolve("app:v1"),
        fails(
          "digest-mismatch",
          /layer 0, "l\/layer\.tar", of archive: its diffID is sha256:.*, the config says sha256:/,
        ),
      );
    }
    const there = await opened(await saved({ layer: other }));
    await assert.rejects(moved(there), fails("digest-mismatch", /read blob sha256:/));
    assert.match((await validate(await openImage(there, "@0"))).join(), /^layer 0: read blob/);
  });

  it("F32 G15: may have links for layers, and none that lead in circles, out of it, or nowhere", async () => {
    const layer = await layerTar("saved");
    const links: [Files, RegExp | undefined][] = [
      [[["l/layer.tar", { symlink: "../m/layer.tar" }], ["m/layer.tar", layer]], undefined],
      [[["l/layer.tar", { symlink: "/m/layer.tar" }], ["m/layer.tar", layer]], undefined],
      [[["l/layer.tar", { hardlink: "m/layer.tar" }], ["m/layer.tar", layer]], undefined],
      [[["l/layer.tar", { symlink: "b" }], ["l/b", { symlink: "c" }], ["l/c", layer]], undefined],
      [[["l/layer.tar", { symlink: "layer.tar" }]], /"l\/layer\.tar".*links lead in circles/],
      [[["l/layer.tar", { symlink: "b" }], ["l/b", { symlink: "layer.tar" }]], /lead in circles/],
      [[["l/layer.tar", { symlink: "../../etc/passwd" }]], /leads out of the archive/],
      [[["l/layer.tar", { symlink: "gone" }]], /a link to "l\/gone", which is not there/],
    ];
    for (const [more, words] of links) {
      const there = await opened(await saved({ without: ["l/layer.tar"], more }));
      if (words) await assert.rejects(there.resolve("app:v1"), fails("invalid-archive", words));
      else assert.deepEqual(await validate(await openImage(there, "app:v1")), []);
    }
  });

  it("F32: is read whatever its names look like, and refused when they lead out of it", async () => {
    const dotted = (await saved()).map(([path, content]): Files[0] => [`./${path}`, content]);
    const manifest = [{ Config: "./x/../c.json", RepoTags: ["app:v1"], Layers: ["/l//layer.tar"] }];
    for (const files of [dotted, await saved({ manifest })]) {
      assert.deepEqual(await validate(await openImage(await opened(files), "app:v1")), []);
    }
    for (const path of ["../c.json", "/../c.json", "a/../../c.json"]) {
      const files = await saved({ manifest: [{ Config: path, Layers: ["l/layer.tar"] }] });
      const there = await opened([...files, [path, "{}"]]);
      await assert.rejects(
        there.resolve("@0"),
        fails("invalid-archive", /c\.json".*leads out of the archive/),
      );
    }
  });

  it("F32: may name a layer twice, and have it twice", async () => {
    const tar = await layerTar("saved");
    const manifest = [{ Config: "c.json", RepoTags: ["app:v1"], Layers: ["l/layer.tar", "l/layer.tar"] }];
    const config = configFor([tar, tar]);
    const files = await saved({ manifest, config, more: [["l/layer.tar", tar]] });
    assert.deepEqual(await validate(await openImage(await opened(files), "app:v1")), []);
  });

  it("F32: is refused when a layer or the config is not there", async () => {
    for (const path of ["c.json", "l/layer.tar"]) {
      const there = await opened(await saved({ without: [path] }));
      await assert.rejects(
        there.resolve("app:v1"),
        fails("invalid-archive", new RegExp(`names "${path}" as .*not there`)),
      );
    }
  });

  it("F32: is refused when its documents are in it twice", async () => {
    for (const path of ["manifest.json", "c.json"]) {
      const files = await saved();
      const twice = await opened([...files, files.find(([name]) => name === path)!]);
      await assert.rejects(twice.resolve("app:v1"), fails("invalid-archive", /it is there more than once/));
    }
  });

  it("F32 G5: may have several images, with one name, several or none", async () => {
    const layers = await Promise.all(["a", "b", "c"].map(layerTar));
    const tags = [["a:1", "a:2"], null, []];
    const files: Files = [
      ...layers.flatMap((layer, i): Files => [[`${i}.tar`, layer], [`${i}.json`, configFor([layer])]]),
      [
        "manifest.json",
        JSON.stringify([
          ...layers.map((_, i) => ({ Config: `${i}.json`, RepoTags: tags[i], Layers: [`${i}.tar`] })),
          { Config: "0.json", Layers: ["0.tar"] },
        ]),
      ],
    ];
    const there = await opened(files);
    assert.deepEqual(await collect(there.names()), ["a:1", "a:2"]);
    const digests = await Promise.all(["a:2", "@1", "@2", "@3"].map((name) => moved(there, name)));
    assert.equal(new Set(digests).size, 3);
    assert.equal(digests[0], digests[3]);
    const roots = await collect(there.roots());
    assert.deepEqual(roots.map(({ digest }) => digest), [digests[0], ...digests]);
  });

  it("G6: is refused when manifest.json is null or something else than a list of images", async () => {
    const cases: [unknown, RegExp][] = [
      ["null", /not a list of images/],
      [{}, /not a list of images/],
      ['"text"', /not a list of images/],
      ["[", /unexpected end/],
      [[null], /image 0 of "manifest\.json" in archive: not an object/],
      [[{ Layers: [] }], /"Config" is not a path/],
      [[{ Config: 1, Layers: [] }], /"Config" is not a path/],
      [[{ Config: "c.json", Layers: "l" }], /"Layers" is not a list of strings/],
      [[{ Config: "c.json", RepoTags: [1] }], /"RepoTags" is not a list of strings/],
      [[{ Config: "c.json", LayerSources: [] }], /"LayerSources" is not a map/],
      [[{ Config: "c.json", config: "d.json" }], /both "Config" and "config"/],
    ];
    for (const [manifest, words] of cases) {
      const there = await opened(await saved({ manifest }));
      await assert.rejects(there.resolve("app:v1"), fails("invalid-document", words), String(words));
    }
    const none = await opened(await saved({ manifest: "[]" }));
    assert.deepEqual(await collect(none.roots()), []);
  });

  it("F29: is refused when manifest.json, index.json or oci-layout is large", async () => {
    const size = 100 * 1024 * 1024;
    for (const path of ["manifest.json", "index.json", "oci-layout"]) {
      // An oci-layout is looked at where there is an index.json.
      const before = path === "oci-layout" ? (await tarOf([["index.json", "{}"]])).slice(0, 1024) : [];
      const start = new Uint8Array([...before, ...await headerOf(path, { 124: octal(size) })]);
      const there = archive({
        size: start.length + size,
        slice(from: number, to: number) {
          assert.ok(to - from < 1024 * 1024, "much is read of what is refused");
          const bytes = new Uint8Array(to - from);
          bytes.set(start.subarray(from, to));
          return new Blob([bytes]);
        },
      });
      const words = new RegExp(`"${path.replace(".", "\\.")}".*104857600 bytes`);
      await assert.rejects(there.resolve("@0"), fails("too-large", words));
    }
  });

  it("may write its keys in small letters", async () => {
    const there = await opened(
      await saved({ manifest: [{ config: "c.json", repoTags: ["app:v1"], layers: ["l/layer.tar"] }] }),
    );
    assert.deepEqual(await validate(await openImage(there, "app:v1")), []);
  });

  it("G8 G20 F27: may have compressed layers, whatever they are called", async () => {
    const tar = await layerTar("saved");
    const forms = [[gzipped(tar), mediaTypes.ociLayerGzip], [
      zstandard(tar),
      mediaTypes.ociLayerZstd,
    ]] as const;
    for (const [layer, mediaType] of forms) {
      const image = await openImage(await opened(await saved({ layer })), "app:v1");
      assert.deepEqual((await image.manifest()).layers, [descriptorOf(layer, mediaType)]);
      assert.deepEqual(await validate(image), []);
    }
    const bzip2 = utf8("BZh91AY&SY and more");
    await assert.rejects(
      (await opened(await saved({ layer: bzip2 }))).resolve("app:v1"),
      fails("unsupported", /layer 0, "l\/layer\.tar".*bzip2/),
    );
  });

  it("G9: is refused when one layer is to be two", async () => {
    const [a, b] = [await layerTar("saved"), await layerTar("b")];
    const manifest = [{ Config: "c.json", RepoTags: ["app:v1"], Layers: ["l/layer.tar", "l/layer.tar"] }];
    const there = await opened(await saved({ manifest, config: configFor([a, b]) }));
    await assert.rejects(moved(there), fails("digest-mismatch", new RegExp(digestOf(b))));
  });

  it("G10: may call its config anything", async () => {
    for (const path of ["sha256:abc", "config.json", "blobs/sha256/abc", "a b\nc"]) {
      const files = await saved({
        manifest: [{ Config: path, RepoTags: ["app:v1"], Layers: ["l/layer.tar"] }],
      });
      files.push([path, files[0]![1]]);
      assert.deepEqual(await validate(await openImage(await opened(files), "app:v1")), [], path);
    }
  });

  it("G12 G20: may say where layers come from, which counts for those that are not to be distributed", async () => {
    const tar = await layerTar("saved");
    const here = descriptorOf(tar, mediaTypes.ociLayer);
    const source = {
      ...descriptorOf(gzipped(tar), mediaTypes.dockerForeignLayerGzip),
      urls: ["https://example.com/l"],
    };
    const item = { Config: "c.json", RepoTags: ["app:v1"], Layers: ["l/layer.tar"] };
    const with_ = (source: object, without: string[] = []) =>
      saved({ manifest: [{ ...item, LayerSources: { [digestOf(tar)]: source } }], without });
    const layersOf = async (files: Files) =>
      (await (await openImage(await opened(files), "app:v1")).manifest()).layers;
    assert.deepEqual(await layersOf(await with_(here)), [here]);
    assert.deepEqual(await layersOf(await with_(source)), [here]);
    const foreign = { ...source, mediaType: mediaTypes.ociForeignLayerGzip };
    assert.deepEqual(await layersOf(await with_(source, ["l/layer.tar"])), [foreign]);
    const stored = (await with_(source)).map((
      [path, content],
    ): Files[0] => [path, path === "l/layer.tar" ? gzipped(tar) : content]);
    assert.deepEqual(await layersOf(stored), [foreign]);
  });

  it("F34: may say anything in its config", async () => {
    const config = configFor([await layerTar("saved")], {
      config: {
        Labels: { "__proto__": "x", "a\nb": "$(reboot)" },
        Env: ["A=\n\u001b[31m"],
        WorkingDir: "../..",
      },
    }).replace('"Labels":{', '"Labels":{"__proto__":"y",');
    const image = await openImage(await opened(await saved({ config })), "app:v1");
    assert.equal(new TextDecoder().decode(await image.rawConfigFile()), config);
    assert.deepEqual(await validate(image), []);
  });
});

describe("an OCI archive", () => {
  it("G19: needs neither oci-layout nor a media type in index.json", async () => {
    const { files, digest } = await ociFiles();
    assert.equal(await moved(await opened(files.filter(([path]) => path !== "oci-layout"))), digest);
  });

  it("F29: of another version, or with a broken index.json, is refused", async () => {
    const { files } = await ociFiles();
    const changed = (path: string, text: string) =>
      opened(files.map(([name, content]): Files[0] => [name, name === path ? text : content]));
    const cases: [Promise<Archive>, RegExp][] = [
      [changed("oci-layout", '{"imageLayoutVersion":"2.0.0"}'), /version of its layout is "2\.0\.0"/],
      [changed("oci-layout", "null"), /version of its layout is undefined/],
      [changed("index.json", "null"), /"index\.json" in archive: not an object/],
      [changed("index.json", '{"schemaVersion":1,"manifests":[]}'), /"schemaVersion" is not 2/],
      [changed("index.json", '{"schemaVersion":2,"config":{},"manifests":[]}'), /does not belong/],
    ];
    for (const [there, words] of cases) {
      await assert.rejects(
        (await there).resolve("@0"),
        (error: Error) => words.test(error.message),
        String(words),
      );
    }
    const none = await changed("index.json", '{"schemaVersion":2,"manifests":null}');
    assert.deepEqual(await collect(none.roots()), []);
  });

  it("F30: is held to its digests and sizes, which never lead out of it", async () => {
    const { files, digest, layer } = await ociFiles();
    const blob = blobOf(digestOf(layer));
    const broken = (content: Uint8Array) =>
      opened(files.map(([path, old]): Files[0] => [path, path === blob ? content : old]));
    const flipped = layer.slice();
    flipped[600]! ^= 1;
    await assert.rejects(moved(await broken(flipped)), fails("digest-mismatch", /read blob sha256:/));
    await assert.rejects(
      moved(await broken(layer.slice(512))),
      fails("size-mismatch", /1536 bytes, expected 2048/),
    );
    const there = await opened(files);
    const climbing = "sha256:../../etc/passwd" as Digest;
    await assert.rejects(there.open({ digest: climbing }), fails("invalid-digest", /etc\/passwd/));
    assert.equal((await there.resolve(digest)).descriptor.digest, digest);
  });

  it("F31: of several of one name gives the first", async () => {
    const { files, digest } = await ociFiles({ annotations: { "org.opencontainers.image.ref.name": "v1" } });
    const index = JSON.parse(files[1]![1] as string);
    index.manifests.push({ ...index.manifests[0], digest: digestOf("another"), size: 7 });
    const there = await opened(
      files.map(([path, old]) => [path, path === "index.json" ? JSON.stringify(index) : old]),
    );
    assert.equal((await there.resolve("v1")).descriptor.digest, digest);
    assert.deepEqual(await collect(there.names()), ["v1"]);
  });

  it("F33: takes no file names from annotations", async () => {
    const { files, digest } = await ociFiles({
      annotations: { "org.opencontainers.image.title": "../../x" },
    });
    assert.equal(await moved(await opened(files)), digest);
  });

  it("G3 G13: of Docker keeps its manifest, unless that has lost its layers", async () => {
    for (const hollow of [false, true]) {
      const { files, digest, config, layer } = await ociFiles(hollow ? { layers: [] } : {});
      const path = blobOf(digestOf(layer));
      const manifest = [{ Config: blobOf(digestOf(config)), RepoTags: ["app:v1"], Layers: [path] }];
      const twice = files[1]![1] as string;
      const entry = /\[(.*)\]/.exec(twice)![1]!;
      files[1]![1] = twice.replace(entry, `${entry},${entry}`);
      const there = await opened([...files, ["manifest.json", JSON.stringify(manifest)]]);
      const image = await openImage(there, "app:v1");
      assert.equal(await image.digest() === digest, !hollow);
      assert.deepEqual((await image.manifest()).layers, [descriptorOf(layer, mediaTypes.ociLayer)]);
      assert.deepEqual(await validate(image), []);
      assert.equal(new Set((await collect(there.roots())).map(({ digest }) => digest)).size, 1);
    }
  });

  it("G3: is refused a name that means one image to Docker and another to the rest", async () => {
    const annotations = { "io.containerd.image.name": "docker.io/library/app:v1" };
    const there = await opened([...(await ociFiles({ annotations })).files, ...await saved()]);
    for (const name of ["app:v1", "docker.io/library/app:v1"]) {
      await assert.rejects(there.resolve(name), fails("invalid-archive", /each name another image so$/));
    }
    assert.notEqual(await moved(there, "@0"), await moved(there, "@1"));
  });

  it("G4: is known by containerd's names and by the specification's", async () => {
    const { files, digest } = await ociFiles({
      annotations: {
        "io.containerd.image.name": "docker.io/library/app:v1",
        "org.opencontainers.image.ref.name": "v1",
      },
    });
    const there = await opened(files);
    assert.deepEqual(await collect(there.names()), ["docker.io/library/app:v1"]);
    for (const name of ["app:v1", "v1"]) assert.equal((await there.resolve(name)).descriptor.digest, digest);
  });
});

describe("an index in an archive", () => {
  /** An index of images for some platforms, of which some are not in the archive. */
  async function withIndex(
    there: string[],
    missing: string[],
  ): Promise<{ files: Files; index: Digest; images: Digest[] }> {
    const files: Files = [];
    const manifests: object[] = [];
    const images: Digest[] = [];
    for (const architecture of [...there, ...missing]) {
      const layer = await layerTar(architecture);
      const config = utf8(configFor([layer], { architecture }));
      const image = utf8(JSON.stringify({
        schemaVersion: 2,
        config: descriptorOf(config, mediaTypes.ociConfig),
        layers: [descriptorOf(layer, mediaTypes.ociLayer)],
      }));
      const os = architecture === "unknown" ? "unknown" : "linux";
      manifests.push({ ...descriptorOf(image, mediaTypes.ociManifest), platform: { os, architecture } });
      images.push(digestOf(image));
      const blobs = there.includes(architecture) ? [layer, config, image] : [];
      files.push(...blobs.map((bytes): Files[0] => [blobOf(digestOf(bytes)), bytes]));
    }
    const index = utf8(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
    const annotations = { "org.opencontainers.image.ref.name": "v1" };
    const entry = { ...descriptorOf(index, mediaTypes.ociIndex), annotations };
    files.push([blobOf(digestOf(index)), index]);
    files.push(["index.json", JSON.stringify({ schemaVersion: 2, manifests: [entry] })]);
    return { files, index: digestOf(index), images };
  }

  it("G21: is copied with its attestations", async () => {
    const { files, index, images } = await withIndex(["amd64", "arm64", "unknown"], []);
    const there = await opened(files);
    const root = await openRoot(there, "v1");
    assert.ok(root instanceof Index);
    const target = memory();
    assert.equal((await copy(root, target)).descriptor.digest, index);
    for (const digest of images) assert.equal((await target.resolve(digest)).descriptor.digest, digest);
  });

  it("F29: may name others over and over, and is read in no time", async () => {
    const files: Files = [];
    let below = descriptorOf(utf8("{}"), mediaTypes.ociManifest);
    for (let depth = 0; depth < 20; depth++) {
      const index = utf8(JSON.stringify({ schemaVersion: 2, manifests: Array(500).fill(below) }));
      below = descriptorOf(index, mediaTypes.ociIndex);
      files.push([blobOf(below.digest), index]);
    }
    files.push(["index.json", JSON.stringify({ schemaVersion: 2, manifests: Array(500).fill(below) })]);
    const there = await opened(files);
    assert.equal((await collect(there.roots())).length, 500);
    assert.equal((await there.resolve(below.digest)).descriptor.digest, below.digest);
  });

  it("G14: lacks images that nobody asks for", async () => {
    const { files, index, images } = await withIndex(["amd64", "arm64"], ["s390x"]);
    const there = await opened(files);
    assert.equal((await there.resolve("v1")).descriptor.digest, index);
    assert.equal(
      await (await openImage(there, "v1", { platform: { os: "linux", architecture: "arm64" } })).digest(),
      images[1],
    );
    await assert.rejects(moved(there, "v1"), fails("not-found", new RegExp(images[2]!)));
  });

  it("G14 G21: stands for its image when there is only one, attestations aside", async () => {
    const { files, images } = await withIndex(["amd64", "unknown"], ["arm64", "s390x"]);
    const there = await opened(files);
    assert.equal((await there.resolve("v1")).descriptor.digest, images[0]);
    assert.equal(await moved(there, "v1"), images[0]);
    assert.deepEqual((await collect(there.roots())).map(({ digest }) => digest), [images[0]]);
  });
});

describe("the tar of an archive", () => {
  it("is read in a few places, from a file, a blob, or anything else that gives slices", () =>
    inDirectory(async (directory) => {
      const large = await tarOf([["large", new Uint8Array(8_000_000)]]);
      const files = await saved({ layer: large, config: configFor([large]) });
      const tar = await tarOf([...files.slice(1), files[0]!]);
      const slices = counted(new Blob([tar]));
      const digest = await (await openImage(archive(slices), "app:v1")).digest();
      assert.ok(slices.read < 200_000, `${slices.read} bytes were read to learn what is in it`);
      await writeFile(join(directory, "a.tar"), tar);
      for (const from of [join(directory, "a.tar"), new Blob([tar]), slices]) {
        assert.equal(await moved(archive(from)), digest);
      }
    }));

  it("F13 F20: may have names of any length and in any bytes", async () => {
    const files = await saved({
      more: [["x/".repeat(3000), "long"], ["\udcff\udcfe", "no UTF-8"], ["a\nb", "c"]],
    });
    assert.deepEqual(await validate(await openImage(await opened(files), "app:v1")), []);
  });

  it("F14: has files by their very names, and no others", async () => {
    const files = await saved();
    const shouting = files.map(([path, content]): Files[0] => [path.toUpperCase(), content]);
    const none = await opened(shouting);
    await assert.rejects(none.resolve("app:v1"), fails("invalid-archive", /neither manifest\.json/));
    const there = await opened([["Manifest.json", "null"], ...files, ["MANIFEST.JSON", "null"], ...shouting]);
    assert.deepEqual(await validate(await openImage(there, "app:v1")), []);
    for (const i of alike.keys()) {
      const layers = await Promise.all(alike.map(layerTar));
      const manifest = [{ Config: "c.json", Layers: [`l/${alike[i]}`] }];
      const more = alike.map((name, j): Files[0] => [`l/${name}`, layers[j]!]);
      const found = await opened(await saved({ manifest, config: configFor([layers[i]!]), more }));
      assert.deepEqual(await validate(await openImage(found, "@0")), [], alike[i]);
      const gone = await opened(await saved({ manifest, more: more.filter((_, j) => j !== i) }));
      await assert.rejects(gone.resolve("@0"), fails("invalid-archive", /which is not there/), alike[i]);
    }
  });

  it("F15: counts the last of several of one name", async () => {
    const files = await saved({ layer: await layerTar("old") });
    const there = await opened([...files, ["l/layer.tar", await layerTar("saved")]]);
    assert.deepEqual(await validate(await openImage(there, "app:v1")), []);
  });

  it("F21: has no sparse layers", async () => {
    const fields = {
      124: octal(512),
      156: "S",
      257: "ustar  \0",
      386: octal(0),
      398: octal(512),
      483: octal(2048),
    };
    const header = await headerOf("l/layer.tar", fields);
    const rest = await tarOf(await saved({ without: ["l/layer.tar"] }));
    const there = archive(new Blob([header, new Uint8Array(512), rest]));
    await assert.rejects(there.resolve("app:v1"), fails("unsupported", /"l\/layer\.tar".*a sparse file/));
  });

  it("F22: may lack its end, but is refused when it is cut anywhere else", async () => {
    const files = await saved();
    const tar = await tarOf(files);
    assert.deepEqual(await validate(await openImage(archive(new Blob([tar.slice(0, -1024)])), "app:v1")), []);
    const last = tar.length - 1024 - 512 + (files.at(-1)![1] as string).length;
    for (let end = 0; end < last; end += 128) {
      await assert.rejects(
        (async () => assert.fail(await moved(archive(new Blob([tar.slice(0, end)])), "app:v1")))(),
        (error: Error) => error.name === "GantryError",
        `${end} of ${tar.length} bytes`,
      );
    }
  });

  it("G25 F25 F26: may be compressed as a whole, in several members and frames", async () => {
    const tar = await tarOf(await saved());
    const digest = await moved(archive(new Blob([tar])));
    const half = tar.length / 2;
    for (const compress of [gzipped, zstandard]) {
      const forms = [
        compress(tar),
        new Uint8Array([...compress(tar.slice(0, half)), ...compress(tar.slice(half))]),
      ];
      for (const form of forms) {
        const there = archive(new Blob([form]));
        assert.equal(await moved(there), digest);
        await there.close();
        await there.close();
        await assert.rejects(moved(there), fails("consumed", /closed/));
      }
      const cut = archive(new Blob([compress(tar).slice(0, -6)]));
      await assert.rejects(cut.resolve("app:v1"), fails("invalid-archive", /archive/));
    }
    for (
      const [head, name] of [[[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"], [
        [...utf8("BZh91AY&SY")],
        "bzip2",
      ]] as const
    ) {
      await assert.rejects(
        archive(new Blob([new Uint8Array(head)])).resolve("app:v1"),
        fails("unsupported", new RegExp(`compressed with ${name}, unpack it first \\(${name} -d\\)$`)),
      );
    }
  });

  it("F24 G25: is refused when it would be more than 250 times as large as it is", async () => {
    const bomb = gzipped(new Uint8Array(600 * 1024 * 1024));
    await assert.rejects(archive(new Blob([bomb])).resolve("x"), fails("too-large", /250 times/));
  });

  it("leaves no temporary file, whatever becomes of it", {
    skip: !existsSync("/proc/self/fd") && "needs /proc",
  }, async () => {
    const tar = await tarOf(await saved());
    const good = archive(new Blob([gzipped(tar)]));
    await good.resolve("app:v1");
    assert.match(temporaryFiles().join(), /gantry-[^,]* \(deleted\)/);
    await good.close();
    await assert.rejects(archive(new Blob([gzipped(tar.slice(0, 700))])).resolve("app:v1"));
    const stop = AbortSignal.abort(new Error("enough"));
    await assert.rejects(archive(new Blob([gzipped(tar)])).resolve("app:v1", { signal: stop }), /enough/);
    await requireNoTemporaryFiles();
  });

  it("is told what is wrong with it by name", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "a.tar");
      const cases: [() => Promise<void>, RegExp][] = [
        [() => Promise.resolve(), /^open archive ".*a\.tar": no such file$/],
        [() => writeFile(path, "some text ".repeat(100)), /^open archive ".*a\.tar": not a tar$/],
        [() => writeFile(path, ""), /^open archive ".*a\.tar": neither manifest\.json.* nor index\.json/],
      ];
      for (const [prepare, words] of cases) {
        await prepare();
        await assert.rejects(archive(path).resolve("x"), (error: Error) =>
          words.test(error.message), String(words));
      }
      await assert.rejects(archive(directory).resolve("x"), fails("unsupported", /a directory/));
      await assert.rejects(archive("/dev/null").resolve("x"), fails("unsupported", /not a regular file/));
    }));

  it("must stay as it is while it is read", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "a.tar");
      const tar = await tarOf(await saved());
      await writeFile(path, tar);
      const there = archive(path);
      const { descriptor } = await there.resolve("app:v1");
      await writeFile(path, new Uint8Array([...tar, 0]));
      const layer = { digest: digestOf(await layerTar("saved")) };
      await assert.rejects(
        async () => await bytesOf(await readVerified(there, layer)),
        fails("conflict", /changed/),
      );
      assert.ok(descriptor.size > 0);
    }));
});
