import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, sameBytes, streamOf, utf8 } from "../../src/bytes.ts";
import type { Content } from "../../src/content/contracts.ts";
import { type Memory, memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage, type Image, layer, openImage } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { pieces, randomBytes } from "../support/content.ts";

const text = (bytes: Bytes) => new TextDecoder().decode(bytes);

/** An image as somebody else's tool might have written it. */
async function foreignImage(
  config: string,
  options: { manifestType?: string; configType?: string } = {},
): Promise<{ store: Memory; image: Image }> {
  const store = memory();
  const write = async (bytes: Bytes, mediaType: string, more: object = {}) => {
    const content: Content = {
      mediaType,
      replayable: true,
      open: () => Promise.resolve(streamOf(bytes)),
      ...more,
    };
    return (await store.write(content)).descriptor;
  };
  const tar = randomBytes(1024, 1);
  const mediaType = options.manifestType ?? mediaTypes.ociManifest;
  const layerType = mediaType === mediaTypes.dockerManifest
    ? mediaTypes.dockerLayerGzip
    : mediaTypes.ociLayerGzip;
  const base = await write(tar, layerType);
  const filled = config.replace("DIFF_ID", await digestBytes(tar));
  const configDescriptor = await write(utf8(filled), options.configType ?? mediaTypes.ociConfig);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    "x-vendor": { z: 1, a: 2 },
    config: configDescriptor,
    layers: [base],
    annotations: { kept: "yes" },
  });
  await write(utf8(manifest), mediaType, { digest: await digestBytes(utf8(manifest)) });
  return { store, image: await openImage(store, await digestBytes(utf8(manifest))) };
}

describe("an edit", () => {
  const config =
    `{"os":"linux","architecture":"amd64","x-big":12345678901234567890,"rootfs":{"type":"layers",` +
    `"diff_ids":["DIFF_ID"]},"history":[{"created_by":"base"}],"config":{"Env":["PATH=/bin","A=1"],"Cmd":["sh"]},` +
    `"x-last":[1.10]}`;

  it("keeps fields it does not know, the order of keys, and numbers to the digit", async () => {
    const { image } = await foreignImage(config);
    const raw = text(await image.configure({ user: "1000" }).rawConfigFile());
    assert.match(raw, /^{"os":"linux","architecture":"amd64","x-big":12345678901234567890,"rootfs"/);
    assert.match(
      raw,
      /"config":{"Env":\["PATH=\/bin","A=1"\],"Cmd":\["sh"\],"User":"1000"},"x-last":\[1.10?\]}$/,
    );
    const manifest = text(await image.configure({ user: "1000" }).rawManifest());
    assert.match(manifest, /"x-vendor":{"z":1,"a":2},"config".*"annotations":{"kept":"yes"}}$/);
  });

  it("leaves the image it was made from as it was", async () => {
    const { image } = await foreignImage(config);
    const before = text(await image.rawManifest());
    const edited = image.append(layer(randomBytes(512), { compression: "none" })).configure({
      cmd: ["/app"],
    });
    assert.notEqual(await edited.digest(), await image.digest());
    assert.equal(text(await image.rawManifest()), before);
    assert.deepEqual((await image.config()).config?.Cmd, ["sh"]);
  });

  it("appends a layer to manifest, diffIDs and history", async () => {
    const { image } = await foreignImage(config);
    const added = layer(randomBytes(2048), { compression: "none" });
    const edited = image.append(added, { history: { created_by: "added" }, annotations: { n: "1" } });
    const { rootfs, history } = await edited.config();
    assert.equal(rootfs.diff_ids[1], await added.diffID());
    assert.deepEqual(history?.map(({ created_by }) => created_by), ["base", "added"]);
    const { layers, config: { digest, size } } = await edited.manifest();
    assert.deepEqual(layers[1], { ...await added.descriptor(), annotations: { n: "1" } });
    assert.equal(digest, await edited.configName());
    assert.equal(size, (await edited.rawConfigFile()).byteLength);
    assert.equal(await edited.size(), (await edited.rawManifest()).byteLength);
    assert.equal(await edited.digest(), await digestBytes(await edited.rawManifest()));
    assert.equal((await edited.layers()).length, 2);
    assert.equal(await edited.layerByDiffID(await added.diffID()), added);
    assert.equal(await edited.layerByDigest(await added.digest()), added);
    await assert.rejects(edited.layerByDigest(await digestBytes(utf8("no"))), { code: "not-found" });
  });

  it("keeps a history that is not kept so", async () => {
    const { image } = await foreignImage(config.replace(`"history":[{"created_by":"base"}],`, ""));
    assert.equal(
      (await image.append(layer(randomBytes(512), { compression: "none" })).config()).history,
      undefined,
    );
  });

  it("keeps to the manifest's family of media types", async () => {
    const { image } = await foreignImage(config, {
      manifestType: mediaTypes.dockerManifest,
      configType: mediaTypes.dockerConfig,
    });
    const edited = image.append(layer(randomBytes(512), { compression: "none" }));
    assert.equal(await edited.mediaType(), mediaTypes.dockerManifest);
    const { config: { mediaType }, layers } = await edited.manifest();
    assert.equal(mediaType, mediaTypes.dockerConfig);
    assert.deepEqual(layers.map(({ mediaType }) => mediaType), [
      mediaTypes.dockerLayerGzip,
      mediaTypes.dockerLayer,
    ]);
  });

  it("leaves an artifact's config byte for byte", async () => {
    const { image } = await foreignImage(`{ "mine" : 1 }`, { configType: "application/vnd.example+json" });
    const edited = image.append(layer(randomBytes(512), { compression: "none" }));
    assert.equal(text(await edited.rawConfigFile()), `{ "mine" : 1 }`);
    assert.equal((await edited.manifest()).config.digest, await image.configName());
    assert.equal((await edited.manifest()).layers.length, 2);
  });

  it("sets what it is told to and nothing else", async () => {
    const { image } = await foreignImage(config);
    const { config: set, author, created, variant } = await image.configure({
      env: { A: "2", B: "=x" },
      labels: { l: "1" },
      workingDir: "/w",
      exposedPorts: ["80/tcp"],
      author: "me",
      created: "2020-01-01T00:00:00Z",
      variant: "v3",
    }).config();
    assert.deepEqual(set, {
      Env: ["PATH=/bin", "A=2", "B==x"],
      Cmd: ["sh"],
      Labels: { l: "1" },
      WorkingDir: "/w",
      ExposedPorts: { "80/tcp": {} },
    });
    assert.deepEqual({ author, created, variant }, {
      author: "me",
      created: "2020-01-01T00:00:00Z",
      variant: "v3",
    });
  });

  it("drops the command with the entrypoint it belonged to", async () => {
    const { image } = await foreignImage(config);
    assert.deepEqual((await image.configure({ entrypoint: ["/e"] }).config()).config?.Cmd, undefined);
    const both = await image.configure({ entrypoint: ["/e"], cmd: ["c"] }).config();
    assert.deepEqual([both.config?.Entrypoint, both.config?.Cmd], [["/e"], ["c"]]);
  });
});

describe("an edit with a one-shot layer", () => {
  it("answers not-computed until it is written, and knows everything then", async () => {
    const bytes = randomBytes(10_000);
    const edited = emptyImage().append(layer(pieces(bytes, 999), { compression: "none" })).configure({
      cmd: ["/app"],
    });
    for (const ask of [edited.digest(), edited.rawManifest(), edited.config(), edited.configName()]) {
      await assert.rejects(ask, { code: "not-computed" });
    }
    const target = memory();
    const { descriptor } = await copy(edited, target, { name: "v1" });
    assert.equal(await edited.digest(), descriptor.digest);
    const found = await openImage(target, "v1");
    assert.deepEqual((await found.config()).rootfs.diff_ids, [await digestBytes(bytes)]);
    assert.ok(sameBytes(await found.rawManifest(), await edited.rawManifest()));
  });

  it("is written by one pass over the stream", async () => {
    let pulled = 0;
    const stream = new ReadableStream<Bytes>({
      pull(controller) {
        if (++pulled > 50) return controller.close();
        controller.enqueue(randomBytes(4096, pulled));
      },
    });
    const once = layer(stream, { compression: "none" });
    await copy(emptyImage().append(once), memory(), { name: "v1" });
    assert.equal(await once.size(), 50 * 4096);
    await assert.rejects(once.compressed(), { code: "consumed" });
  });
});

describe("the same edit", () => {
  it("gives the same bytes", async () => {
    const make = () =>
      emptyImage().append(layer(randomBytes(4096, 5), { compression: "none" })).configure({
        env: { A: "1" },
        cmd: ["x"],
      });
    assert.equal(await make().digest(), await make().digest());
  });
});
