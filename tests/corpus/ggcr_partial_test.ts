/**
 * What go-containerregistry's own tests expect of partial, validate, tarball and layout, as rows: the expectation in words, and
 * what Gantry answers. Where we answer otherwise on purpose, `docs/decisions.md` says why.
 */

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { archive } from "../../src/archive/mod.ts";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { memory, type Target } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import {
  addManifests,
  append,
  artifact,
  canonical,
  emptyImage,
  emptyIndex,
  type Image,
  layer,
  openImage,
  openRoot,
  packedLayer,
  randomImage,
  randomIndex,
  retime,
  validate,
} from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { mediaTypes, parsePlatform } from "../../src/spec/mod.ts";
import { contentOf, pieces } from "../../src/testing/content.ts";
import { configFor, descriptorOf, digestOf, type Files, layerTar, saved, tarOf } from "../archive/support.ts";
import { file, layerWith } from "../image/tars.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { outcome } from "../support/streams.ts";
import { codes, extra, historyOf, hold, plain, type Row, source } from "./ggcr_rows.ts";

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

hold("partial", partial);
hold("validate", validation);
hold("tarball", tarball);
hold("layout", layoutRows);
hold("its own archives", fixtures, needsFixtures);
