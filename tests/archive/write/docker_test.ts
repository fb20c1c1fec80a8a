import { json, put, written } from "./support.ts";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../../src/bytes.ts";
import { memory } from "../../../src/content/mod.ts";
import { openImage } from "../../../src/image/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";
import { configFor, digestOf, gzipped, imageOf, layerTar } from "../support.ts";

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
    // What docker load takes is not compressed with zstd.
    const [path] = json(zstd, "manifest.json")[0].Layers;
    assert.match(path, /^[0-9a-f]{64}\.tar$/);
    const { rootfs } = json(zstd, json(zstd, "manifest.json")[0].Config);
    assert.equal(digestOf(Buffer.from(zstd.get(path)!, "latin1")), rootfs.diff_ids[0]);
    const combined = await written(await imageOf("z", { compression: "zstd" }), ["app:v1"], "combined");
    const both = json(combined, "manifest.json")[0].Layers[0];
    assert.equal(combined.get(both), zstd.get(path));
  });
});
