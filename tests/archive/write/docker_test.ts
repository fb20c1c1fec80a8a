import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ArchiveFormat, writeArchive } from "../../../src/archive/mod.ts";
import { type Bytes, utf8 } from "../../../src/bytes.ts";
import { memory, type Part, type Target } from "../../../src/content/mod.ts";
import { openImage } from "../../../src/image/mod.ts";
import { type Descriptor, mediaTypes } from "../../../src/spec/mod.ts";
import { contentOf } from "../../layout/support.ts";
import { configFor, descriptorOf, digestOf, filesIn, gzipped, imageOf, layerTar } from "../support.ts";

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
