import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archive } from "../../../src/archive/mod.ts";
import { type Bytes, utf8 } from "../../../src/bytes.ts";
import { openImage, validate } from "../../../src/image/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";
import { collect } from "../../layout/support.ts";
import {
  bytesOf,
  configFor,
  descriptorOf,
  digestOf,
  fails,
  type Files,
  gzipped,
  headerOf,
  layerTar,
  octal,
  saved,
  tarOf,
  zstandard,
} from "../support.ts";
import { moved, opened } from "./support.ts";

describe("an archive of docker save", () => {
  it("G20: gets a manifest of Docker's types, as from crane, that depends on its bytes alone", async () => {
    const there = await opened(await saved());
    const image = await openImage(there, "app:v1");
    const tar = await layerTar("saved");
    const named = (bytes: Bytes, mediaType: string) => {
      const { size, digest } = descriptorOf(bytes, mediaType);
      return { mediaType, size, digest };
    };
    assert.equal(
      new TextDecoder().decode(await image.rawManifest()),
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.dockerManifest,
        config: named(utf8(configFor([tar])), mediaTypes.dockerConfig),
        layers: [named(tar, mediaTypes.dockerLayer)],
      }),
    );
    const oci = await openImage(archive(new Blob([await tarOf(await saved())]), { types: "oci" }), "app:v1");
    assert.equal(await oci.mediaType(), mediaTypes.ociManifest);
    const { config, layers } = await oci.manifest();
    assert.deepEqual(config, descriptorOf(utf8(configFor([tar])), mediaTypes.ociConfig));
    assert.deepEqual(layers, [descriptorOf(tar, mediaTypes.ociLayer)]);
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
    await assert.rejects(moved(there), fails("digest-mismatch", /sha256:.*the bytes are/));
    assert.match(
      (await validate(await openImage(there, "@0"))).map(({ message }) => message).join(),
      /^layer 0: read blob/,
    );
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
    const forms = [[gzipped(tar), mediaTypes.dockerLayerGzip], [
      zstandard(tar),
      mediaTypes.dockerLayerZstd,
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
    const here = descriptorOf(tar, mediaTypes.dockerLayer);
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
    assert.deepEqual(await layersOf(await with_(source, ["l/layer.tar"])), [source]);
    const stored = (await with_(source)).map((
      [path, content],
    ): Files[0] => [path, path === "l/layer.tar" ? gzipped(tar) : content]);
    assert.deepEqual(await layersOf(stored), [source]);
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
