/**
 * What go-containerregistry's own tests expect of mutate, partial, validate, tarball and layout, as rows: the expectation in
 * words, and what Gantry answers. Where we answer otherwise on purpose, `docs/decisions.md` says why.
 */

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { archive } from "../../src/archive/mod.ts";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { memory, type Target } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import {
  addManifests,
  annotate,
  append,
  artifact,
  canonical,
  configure,
  convert,
  convertIndex,
  emptyImage,
  emptyIndex,
  type Image,
  type Index,
  layer,
  openImage,
  openRoot,
  packedLayer,
  randomImage,
  randomIndex,
  rebase,
  removeManifests,
  retime,
  setSubject,
  validate,
} from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { type ConfigFile, mediaTypes, parsePlatform } from "../../src/spec/mod.ts";
import { contentOf, pieces, randomBytes } from "../../src/testing/content.ts";
import { configFor, descriptorOf, digestOf, type Files, layerTar, saved, tarOf } from "../archive/support.ts";
import { digestsOf, file, layerWith } from "../image/tars.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { outcome } from "../support/streams.ts";

/** An expectation; it is held by an assertion within, or is the value given. */
type Row = [expectation: string, answer: () => unknown, expected: unknown];

const plain = { compression: "none" } as const;
const source = () => randomImage({ seed: 1, layers: 2 });
const extra = () => layerWith(() => [file("extra", "x")]);
const historyOf = async (image: Image) => (await image.config()).history?.length;
const codes = async (root: Image | Index) => (await validate(root)).map(({ code }) => code);

const mutate: Row[] = [
  ["append adds a layer, a diffID and an entry of history", async () => {
    const image = source().append(extra(), { history: { author: "dave" } });
    const { rootfs, history } = await image.config();
    return [(await image.layers()).length, rootfs.diff_ids.length, history?.at(-1)];
  }, [3, 3, { author: "dave" }]],
  ["append without history adds a blank entry", async () => await historyOf(source().append(extra())), 3],
  ["append changes digest, config name and manifest, and keeps the media type", async () => {
    const [before, after] = [source(), source().append(extra())];
    return [
      await before.digest() === await after.digest(),
      await before.configName() === await after.configName(),
      await before.mediaType() === await after.mediaType(),
    ];
  }, [false, false, true]],
  ["append takes annotations of the descriptor", async () => {
    const { layers } = await source().append(extra(), { annotations: { a: "1" } }).manifest();
    return layers.at(-1)?.annotations;
  }, { a: "1" }],
  ["append to an artifact keeps its config byte for byte", async () => {
    const config = { mediaType: "application/vnd.example+json", bytes: utf8(`{ "a" : 1 }`) };
    const image = artifact("application/vnd.example", { config }).append(extra());
    return [new TextDecoder().decode(await image.rawConfigFile()), (await image.layers()).length];
  }, [`{ "a" : 1 }`, 1]],
  ["append of a stream knows the layers before the digest", async () => {
    const image = source().append(layer(pieces(randomBytes(700), 99), plain));
    return [(await image.layers()).length, await outcome(image.digest())];
  }, [3, "not-computed"]],
  ["a stream that is written gives the digest", async () => {
    const image = source().append(layer(pieces(randomBytes(700, 3), 99), plain));
    const { descriptor } = await copy(image, memory());
    return descriptor.digest === await image.digest();
  }, true],
  ["layers are found by digest and diffID, and what is not there is not", async () => {
    const image = source();
    const [first] = await image.layers();
    return [
      await (await image.layerByDigest(await first!.digest())).digest() === await first!.digest(),
      await (await image.layerByDiffID(await first!.diffID())).digest() === await first!.digest(),
      await outcome(image.layerByDigest(digestOf("nothing"))),
    ];
  }, [true, true, "not-found"]],
  ["config replaces what is named", async () => {
    const image = source().edit(configure({ env: { A: "1" }, cmd: ["x"] }));
    return (await image.config()).config;
  }, { Cmd: ["x"], Env: ["A=1"] }],
  [
    "an image whose config is set to what it has is the same image",
    async () =>
      await source().edit(configure({ architecture: "amd64" })).digest() === await source().digest(),
    true,
  ],
  [
    "created at sets the time",
    async () => (await source().configure({ created: "2018-01-01T00:00:00Z" }).config()).created,
    "2018-01-01T00:00:00Z",
  ],
  ["annotations of an image are merged", async () => {
    const image = source().edit(annotate({ a: "1", b: "2" })).edit(annotate({ b: "3" }));
    return (await image.manifest()).annotations;
  }, { a: "1", b: "3" }],
  ["annotations of an index are merged", async () => {
    const index = randomIndex({ seed: 1 }).edit(annotate({ a: "1" })).edit(annotate({ b: "2" }));
    return (await index.indexManifest()).annotations;
  }, { a: "1", b: "2" }],
  ["the subject is set, and later edits keep it (theirs lose it)", async () => {
    const subject = await emptyImage().descriptor();
    const image = source().edit(setSubject(subject)).append(extra()).edit(annotate({ a: "1" }));
    return (await image.manifest()).subject?.digest === subject.digest;
  }, true],
  ["media types are changed: image, config and index", async () => {
    const image = source().edit(convert({ format: "docker" }));
    const index = randomIndex({ seed: 1 }).edit(convertIndex({ format: "docker" }));
    return [await image.mediaType(), (await image.manifest()).config.mediaType, await index.mediaType()];
  }, [mediaTypes.dockerManifest, mediaTypes.dockerConfig, mediaTypes.dockerIndex]],
  ["time sets config, history and files", async () => {
    const made = emptyImage().append(layerWith(() => [file("a", "a", { mtime: 5 })]), {
      history: { created_by: "x" },
    });
    const image = made.edit(retime(new Date("1984-01-01T00:00:00Z")));
    const { created, history } = await image.config();
    for await (const { mtime } of (await image.layers())[0]!.entries()) {
      return [created, history, mtime.seconds];
    }
  }, ["1984-01-01T00:00:00Z", [{ created_by: "x", created: "1984-01-01T00:00:00Z" }], 441763200]],
  ["time keeps entries of history without a layer", async () => {
    const made = source().edit({
      config: (config: ConfigFile) => void config.history!.unshift({ created_by: "ENV", empty_layer: true }),
    });
    const image = made.edit(retime(new Date(0)));
    return [await historyOf(image), (await image.config()).history![0]!.empty_layer, await codes(image)];
  }, [3, true, []]],
  ["time keeps variant, author and OCI's types (theirs lose them)", async () => {
    const made = emptyImage(parsePlatform("linux/arm/v7")).configure({ author: "me" });
    const image = made.edit(retime(new Date(0)));
    const { variant, author } = await image.config();
    return [variant, author, await image.mediaType()];
  }, ["v7", "me", mediaTypes.ociManifest]],
  ["canonical clears the container, its host and Docker's version", async () => {
    const made = source().edit({
      config: (config) =>
        void Object.assign(config, {
          container: "c",
          docker_version: "1",
          config: { Hostname: "h", User: "u" },
        }),
    });
    const { config, ...rest } = await made.edit(canonical()).config();
    return [config, "container" in rest, "docker_version" in rest];
  }, [{ User: "u" }, false, false]],
  [
    "canonical is the same twice",
    async () =>
      await source().edit(canonical()).edit(canonical()).digest() ===
        await source().edit(canonical()).digest(),
    true,
  ],
  ["manifests are removed by what matches, and added after that", async () => {
    const index = randomIndex({ seed: 2, images: 3 });
    const first = (await index.indexManifest()).manifests[0]!.digest;
    const edited = index
      .edit(removeManifests(async ({ part }) => (await part.content()).digest === first))
      .edit(addManifests([{ part: source() }]));
    return [(await edited.children()).length, (await edited.indexManifest()).manifests[0]!.digest === first];
  }, [3, false]],
  ["appended manifests have the platform, annotations and type that are given", async () => {
    const index = emptyIndex().edit(addManifests([
      { part: source(), platform: parsePlatform("linux/arm64"), annotations: { a: "1" } },
      { part: emptyIndex(), artifactType: "application/vnd.example" },
    ]));
    return (await index.indexManifest()).manifests.map(({ platform, annotations, artifactType }) => [
      platform?.architecture,
      annotations,
      artifactType,
    ]);
  }, [["arm64", { a: "1" }, undefined], [undefined, undefined, "application/vnd.example"]]],
  ["what is given out may be changed without changing the image", async () => {
    const image = source().append(extra());
    (await image.manifest()).layers.length = 0;
    (await image.config()).rootfs.diff_ids.length = 0;
    (await image.rawManifest()).fill(0);
    return [
      (await image.manifest()).layers.length,
      (await image.config()).rootfs.diff_ids.length,
      await codes(image),
    ];
  }, [3, 3, []]],
  ["an index's answers may be changed without changing the index", async () => {
    const index = randomIndex({ seed: 1, images: 2 }).edit(annotate({ a: "1" }));
    (await index.indexManifest()).manifests.length = 0;
    return (await index.indexManifest()).manifests.length;
  }, 2],
  ["rebase takes the new base's layers and the image's own", async () => {
    const [one, two] = [randomImage({ seed: 3, layers: 5 }), randomImage({ seed: 4, layers: 3 })];
    const rebased = one.append(extra()).edit(rebase(one, two));
    return [
      JSON.stringify(await digestsOf(rebased)) ===
        JSON.stringify([...await digestsOf(two), await extra().digest()]),
      await historyOf(rebased),
      await codes(rebased),
    ];
  }, [true, 4, []]],
  ["rebase tolerates a history that is missing or too short", async () => {
    const bare = (image: Image) => image.edit({ config: (config) => void delete config.history });
    const [one, two] = [randomImage({ seed: 3, layers: 2 }), randomImage({ seed: 4, layers: 1 })];
    return await codes(bare(one.append(extra())).edit(rebase(bare(one), bare(two))));
  }, []],
  [
    "rebase refuses an image that is not built on the old base",
    async () =>
      await outcome(source().edit(rebase(randomImage({ seed: 5 }), randomImage({ seed: 6 }))).digest()),
    "conflict",
  ],
  ["rebase keeps what the image runs and takes the platform of the new base", async () => {
    const [one, two] = [
      randomImage({ seed: 3 }),
      randomImage({ seed: 4, platform: parsePlatform("linux/arm64") }),
    ];
    const { config, architecture } = await one.configure({ cmd: ["x"] }).edit(rebase(one, two)).config();
    return [config?.Cmd, architecture];
  }, [["x"], "arm64"]],
];

const tar = () => layerTar("ggcr");
const partial: Row[] = [
  ["an uncompressed layer becomes a compressed one, and unpacks to what it was", async () => {
    const made = layer(await tar(), { engine: "node:zlib" });
    const bytes = new Uint8Array(await new Response(await made.uncompressed()).arrayBuffer());
    return [digestOf(bytes) === await made.diffID(), await made.digest() === await made.diffID()];
  }, [true, false]],
  [
    "a compressed layer knows its diffID",
    async () =>
      await (await packedLayer(new Uint8Array(gzipSync(await tar())))).diffID() === digestOf(await tar()),
    true,
  ],
  ["a layer that says gzip and is none unpacks as what it is", async () => {
    const made = layer(await tar(), { ...plain, mediaType: mediaTypes.ociLayerGzip });
    return digestOf(new Uint8Array(await new Response(await made.uncompressed()).arrayBuffer())) ===
      await made.diffID();
  }, true],
  ["a zstd layer unpacks", async () => {
    const made = await packedLayer(new Uint8Array(zstdCompressSync(await tar())));
    return [made.mediaType(), await made.diffID() === digestOf(await tar())];
  }, [mediaTypes.ociLayerZstd, true]],
  ["a static layer is its own diffID", async () => {
    const made = layer(utf8("static"), { ...plain, mediaType: "text/plain" });
    return [await made.digest() === await made.diffID(), await made.size(), made.mediaType()];
  }, [true, 6, "text/plain"]],
  ["the config's digest is its name, and it is among what is written", async () => {
    const image = source();
    const config = await (await image.configPart()).content();
    return [config.digest === await image.configName(), (await image.children()).length];
  }, [true, 3]],
  [
    "size is that of the manifest",
    async () => await source().size() === (await source().rawManifest()).length,
    true,
  ],
  ["an image in an index is found by its digest, and no other", async () => {
    const index = randomIndex({ seed: 1, images: 2 });
    const { manifests: [first] } = await index.indexManifest();
    return [
      await (await index.image(first!.digest)).digest() === first!.digest,
      await outcome(index.image(digestOf("x"))),
    ];
  }, [true, "not-found"]],
];

/** An image in a repository, of which some parts are not what they are to be. */
async function broken(
  change: { layer?: Bytes; config?: string; size?: number; missing?: boolean },
): Promise<Image> {
  const target: Target = memory();
  const bytes = change.layer ?? await tar();
  const config = utf8(change.config ?? configFor([await tar()]));
  if (!change.missing) await target.write(await contentOf(bytes));
  await target.write(await contentOf(config));
  const size = change.size ?? bytes.length;
  const manifest = {
    schemaVersion: 2,
    config: descriptorOf(config, mediaTypes.ociConfig),
    layers: [{ ...descriptorOf(bytes, mediaTypes.ociLayer), size }],
  };
  const content = await contentOf(utf8(JSON.stringify(manifest)), mediaTypes.ociManifest);
  await target.write(content, { role: "manifest", name: "v1" });
  return await openImage(target, "v1");
}

const validation: Row[] = [
  ["a random image is valid", () => codes(source()), []],
  ["a random index is valid", () => codes(randomIndex({ seed: 1, images: 3, layers: 2 })), []],
  ["an empty image is valid", () => codes(emptyImage()), []],
  ["gzip, zstd and plain layers are valid (theirs: gzip only)", async () => {
    const layers = [await tar(), gzipSync(await tar()), zstdCompressSync(await tar())];
    return await Promise.all(
      layers.map(async (layer) => await codes(await broken({ layer: new Uint8Array(layer) }))),
    );
  }, [[], [], []]],
  [
    "a layer of another diffID is told",
    async () => await codes(await broken({ layer: await layerTar("other") })),
    [
      "digest-mismatch",
    ],
  ],
  ["a layer of another size is told", async () => await codes(await broken({ size: 7 })), ["size-mismatch"]],
  ["a layer that is missing is told, fast too", async () => {
    const image = await broken({ missing: true });
    return [await codes(image), (await validate(image, { fast: true })).map(({ code }) => code)];
  }, [["not-found"], ["not-found"]]],
  [
    "a layer that is cut short is told",
    async () => await codes(await broken({ layer: new Uint8Array(gzipSync(await tar()).subarray(0, 40)) })),
    ["invalid-archive"],
  ],
  [
    "a config with too many diffIDs is told",
    async () => await codes(await broken({ config: configFor([await tar(), await tar()]) })),
    ["wrong-layers"],
  ],
  [
    "a config whose rootfs is of another type is told",
    async () =>
      await codes(await broken({ config: configFor([await tar()]).replace(`"layers"`, `"other"`) })),
    ["invalid-document"],
  ],
  [
    "a file that is in a tar twice is told",
    async () => await codes(emptyImage().append(layerWith(() => [file("a", "1"), file("a", "2")]))),
    ["duplicate-name"],
  ],
  ["a platform that is not the config's is told", async () => {
    const index = emptyIndex().edit(
      addManifests([{ part: source(), platform: parsePlatform("linux/s390x") }]),
    );
    return await codes(index);
  }, ["wrong-platform"]],
  [
    "fast reads no layer",
    async () => await validate(await broken({ layer: await layerTar("other") }), { fast: true }),
    [],
  ],
  [
    "what is no layer is not read as a tar",
    async () => await codes(artifact("application/vnd.example", { layers: [layer(utf8("text"), plain)] })),
    [],
  ],
];

const opened = async (files: Files, name = "@0") =>
  await openImage(archive(new Blob([await tarOf(files)])), name);
const tarball: Row[] = [
  ["the only image needs no name", async () => await codes(await opened(await saved())), []],
  ["an image is found by its tag, and another is not", async () => [
    await codes(await opened(await saved(), "app:v1")),
    await outcome(opened(await saved(), "app:v2")),
  ], [[], "not-found"]],
  [
    "an archive without manifest.json is refused",
    async () => await outcome(opened([["a", "b"]])),
    "invalid-archive",
  ],
  [
    "a manifest.json that is null is refused",
    async () => await outcome(opened([["manifest.json", "null"]])),
    "invalid-document",
  ],
  [
    "names may begin with ./",
    async () => await codes(await opened((await saved()).map(([path, content]) => [`./${path}`, content]))),
    [],
  ],
  [
    "fewer layers than diffIDs are refused",
    async () => await outcome(saved({ config: configFor([await tar(), await tar()]) }).then(opened)),
    "invalid-archive",
  ],
  ["without layers there are none", async () => {
    const manifest = [{ Config: "c.json", RepoTags: ["app:v1"], Layers: [] }];
    const image = await opened(await saved({ manifest, config: configFor([]) }));
    return (await image.layers()).length;
  }, 0],
  ["an image without a manifest has Docker's types", async () => {
    const image = await opened(await saved());
    return [await image.mediaType(), (await image.manifest()).config.mediaType];
  }, [mediaTypes.dockerManifest, mediaTypes.dockerConfig]],
];

const fixtures: Row[] = [
  [
    "source_image.tar is valid",
    async () => await codes(await openImage(archive(fixture("docker-archives/ggcr-source_image.tar")), "@0")),
    [],
  ],
  [
    "test_link.tar: linked layers are found",
    async () => await codes(await openImage(archive(fixture("docker-archives/ggcr-test_link.tar")), "@0")),
    [],
  ],
  [
    "null_manifest.tar is refused",
    async () => await outcome(openImage(archive(fixture("docker-archives/ggcr-null_manifest.tar")), "@0")),
    "invalid-document",
  ],
  ["time on source_image.tar keeps its history and is valid", async () => {
    const image = await openImage(archive(fixture("docker-archives/ggcr-source_image.tar")), "@0");
    const edited = image.edit(retime(new Date(0)));
    return [await codes(edited), await historyOf(edited) === await historyOf(image)];
  }, [[], true]],
  ["canonical on source_image.tar is the same twice", async () => {
    const image = await openImage(archive(fixture("docker-archives/ggcr-source_image.tar")), "@0");
    const once = image.edit(canonical());
    return await once.edit(canonical()).digest() === await once.digest();
  }, true],
];

const inLayout = async (work: (directory: string) => Promise<unknown>) => {
  const directory = await mkdtemp(join(tmpdir(), "gantry-ggcr-"));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
const layoutRows: Row[] = [
  ["an image goes in and comes out", () =>
    inLayout(async (directory) => {
      await copy(source(), layout(directory), { name: "v1" });
      const found = await openImage(layout(directory), "v1");
      return [await found.digest() === await source().digest(), await codes(found)];
    }), [true, []]],
  ["an index goes in with all its images", () =>
    inLayout(async (directory) => {
      const index = randomIndex({ seed: 1, images: 2, layers: 2 });
      await copy(index, layout(directory), { name: "v1" });
      return await codes(await openRoot(layout(directory), "v1"));
    }), []],
  ["a stream goes in", () =>
    inLayout(async (directory) => {
      await copy(emptyImage().append(layer(pieces(await tar(), 99), plain)), layout(directory), {
        name: "v1",
      });
      return await codes(await openImage(layout(directory), "v1"));
    }), []],
  [
    "what is written again under its name takes the other's place (theirs: stands twice)",
    () =>
      inLayout(async (directory) => {
        const target = layout(directory);
        for (const seed of [1, 2]) await copy(randomImage({ seed }), target, { name: "v1" });
        const names = [];
        for await (const name of target.names()) names.push(name);
        return [
          names,
          await (await openImage(target, "v1")).digest() === await randomImage({ seed: 2 }).digest(),
        ];
      }),
    [["v1"], true],
  ],
  ["blobs that two images share are there once", () =>
    inLayout(async (directory) => {
      const target = layout(directory);
      await copy(source(), target, { name: "v1" });
      await copy(source().edit(append(extra())), target, { name: "v2" });
      return (await readdir(join(directory, "blobs/sha256"))).length;
    }), 7],
  ["garbage is what nothing names", () =>
    inLayout(async (directory) => {
      const target = layout(directory);
      await copy(source(), target, { name: "v1" });
      await copy(source().edit(append(extra())), target, { name: "v2" });
      await target.untag("v2");
      const { removed } = await target.gc({ grace: -1, untagged: true });
      return [removed.length, await codes(await openImage(target, "v1"))];
    }), [3, []]],
];

const tables: Record<string, Row[]> = { mutate, partial, validate: validation, tarball, layout: layoutRows };
for (const [name, rows] of Object.entries(tables)) {
  describe(`go-containerregistry's expectations: ${name}`, () => {
    for (const [expectation, answer, expected] of rows) {
      it(expectation, async () => assert.deepEqual(await answer(), expected));
    }
  });
}
describe("go-containerregistry's expectations: its own archives", needsFixtures, () => {
  for (const [expectation, answer, expected] of fixtures) {
    it(expectation, async () => assert.deepEqual(await answer(), expected));
  }
});
