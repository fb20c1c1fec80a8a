import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { memory, type Source, type Target } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import {
  addManifests,
  emptyImage,
  emptyIndex,
  type Image,
  layer,
  openImage,
  openRoot,
  validate,
} from "../../src/image/mod.ts";
import { type Digest, mediaTypes } from "../../src/spec/mod.ts";
import { configFor, descriptorOf, digestOf, gzipped, layerTar } from "../archive/support.ts";
import { contentOf } from "../../src/testing/content.ts";
import { file, layerWith } from "./tars.ts";

const plain = { compression: "none" } as const;

/** An image with these layers, of which some may be missing, and this config. */
async function put(
  layers: readonly Bytes[],
  config: string,
  missing: readonly Bytes[] = [],
): Promise<Target> {
  const target = memory();
  for (const bytes of layers) if (!missing.includes(bytes)) await target.write(await contentOf(bytes));
  await target.write(await contentOf(utf8(config)));
  const manifest = {
    schemaVersion: 2,
    config: descriptorOf(utf8(config), mediaTypes.ociConfig),
    layers: layers.map((bytes) => descriptorOf(bytes, mediaTypes.ociLayer)),
  };
  const content = await contentOf(utf8(JSON.stringify(manifest)), mediaTypes.ociManifest);
  await target.write(content, { role: "manifest", name: "v1" });
  return target;
}

async function problemsOf(target: Target, options: { fast?: boolean } = {}): Promise<string[]> {
  return (await validate(await openRoot(target, "v1"), options)).map(({ message }) => message);
}

describe("validate", () => {
  it("finds nothing wrong with what is well", async () => {
    const [a, b] = [await layerTar("a"), await layerTar("b")];
    assert.deepEqual(await validate(emptyImage().append(layer(a, plain)).append(layer(b, plain))), []);
    assert.deepEqual(await problemsOf(await put([a, gzipped(b)], configFor([a, b]))), []);
  });

  it("says which layer is not the config's, no tar, or not there", async () => {
    const packed = gzipped(await layerTar("a"));
    const [a, b] = [await layerTar("a"), await layerTar("b")];
    const text = utf8("no tar ".repeat(100));
    const found = await problemsOf(
      await put([a, b, text, packed], configFor([a, a, text, a]), [packed]),
    );
    assert.equal(found.length, 3);
    assert.match(
      found[0]!,
      new RegExp(`^layer 1: its diffID is ${digestOf(b)}, the config says ${digestOf(a)}$`),
    );
    assert.match(found[1]!, /^layer 2: read its tar at byte 0: /);
    assert.match(found[2]!, /^layer 3: .*not in memory/);
  });

  it("counts layers and diffIDs, and reads the config", async () => {
    const a = await layerTar("a");
    assert.deepEqual(await problemsOf(await put([a], configFor([a, a]))), [
      "1 layers, but the config has 2 diffIDs",
    ]);
    assert.match((await problemsOf(await put([a], "no JSON"))).join(), /^parse config: unexpected "n"/);
  });

  it("reads no layers when it is to be fast", async () => {
    const [a, b] = [await layerTar("a"), await layerTar("b")];
    assert.deepEqual(await problemsOf(await put([a], configFor([b])), { fast: true }), []);
    assert.match(
      (await problemsOf(await put([a], configFor([b]), [a]), { fast: true })).join(),
      /^layer 0: /,
    );
  });

  it("names the image of an index", async () => {
    const target = memory();
    const [a, b] = [await layerTar("a"), await layerTar("b")];
    const images: Image[] = [];
    for (const [bytes, diffID] of [[a, a], [a, b]] as const) {
      images.push(await openImage(await put([bytes], configFor([diffID])), "v1"));
    }
    const manifests = [];
    for (const image of images) manifests.push((await copy(image, target)).descriptor);
    const index = utf8(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
    await target.write(await contentOf(index, mediaTypes.ociIndex), { role: "manifest", name: "v1" });
    const found = await problemsOf(target);
    assert.equal(found.length, 1);
    const broken: Digest = await images[1]!.digest();
    assert.match(found[0]!, new RegExp(`^${broken}: layer 0: its diffID is`));
  });

  it("ends when it is told to", async () => {
    const target = await put([], configFor([]));
    await assert.rejects(
      validate(await openImage(target, "v1"), { signal: AbortSignal.abort(new Error("enough")) }),
      /^Error: enough$/,
    );
  });

  it("says in words for programs what does not fit: history, platform, names", async () => {
    const tar = layerWith(() => [
      file("a", "1"),
      file("a", "2"),
      file("x/../../b", ""),
      { type: "hardlink", path: "c", linkname: "../etc/passwd" },
      { type: "symlink", path: "d", linkname: "../../fine" },
    ]);
    const image = emptyImage().append(tar).edit({
      config: (config) => void (config.history = [{ created_by: "one" }, { created_by: "two" }]),
    });
    const index = emptyIndex().edit(
      addManifests([{ part: image, platform: { os: "linux", architecture: "arm64" } }]),
    );
    const target = memory();
    await copy(index, target, { name: "v1" });
    const found = await validate(await openRoot(target, "v1"));
    const manifest = await image.digest();
    assert.deepEqual(found.map(({ message: _, ...rest }) => rest), [
      { code: "wrong-history", manifest },
      { code: "wrong-platform", manifest },
      { code: "duplicate-name", manifest, layer: 0, path: "a" },
      { code: "unsafe-name", manifest, layer: 0, path: "x/../../b" },
      { code: "unsafe-name", manifest, layer: 0, path: "c" },
    ]);
    assert.match(found[1]!.message, /the index has it for linux\/arm64, but its config is for linux\/amd64/);
    assert.match(found[4]!.message, /^sha256:.*: layer 0: "c" in its tar is a link to "\.\.\/etc\/passwd"/);
  });

  it("reads each layer once, several at a time, and one that images share once", async () => {
    const shared = layerWith(() => [file("shared", "x")]);
    const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
    const images = platforms.map((platform) => ({
      part: emptyImage(platform).append(shared).append(layerWith(() => [file(platform.architecture, "y")])),
      platform,
    }));
    const target = memory();
    await copy(emptyIndex().edit(addManifests(images)), target, { name: "v1" });
    const opened: string[] = [];
    let [running, most] = [0, 0];
    const watched: Source = {
      resolve: (name, options) => target.resolve(name, options),
      async open(what, options) {
        const bytes = await target.open(what, options);
        if (what.mediaType !== mediaTypes.ociLayer) return bytes;
        opened.push(what.digest);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        return bytes;
      },
    };
    assert.deepEqual(await validate(await openRoot(watched, "v1")), []);
    assert.deepEqual([opened.length, new Set(opened).size], [3, 3]);
    assert.ok(most > 1);
    assert.deepEqual(await validate(await openRoot(watched, "v1"), { concurrency: 1 }), []);
  });
});
