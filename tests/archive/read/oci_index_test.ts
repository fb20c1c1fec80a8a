import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Archive, archive } from "../../../src/archive/mod.ts";
import { utf8 } from "../../../src/bytes.ts";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { Index, openImage, openRoot } from "../../../src/image/mod.ts";
import { type Digest, mediaTypes } from "../../../src/spec/mod.ts";
import { collect } from "../../layout/support.ts";
import { blobOf, configFor, descriptorOf, digestOf, fails, type Files, layerTar, tarOf } from "../support.ts";

async function opened(files: Files): Promise<Archive> {
  return archive(new Blob([await tarOf(files)]));
}

/** The first image, read whole: its digest. */
async function moved(there: Archive, name = "@0"): Promise<Digest> {
  return (await copy(await openRoot(there, name), memory())).descriptor.digest;
}

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
