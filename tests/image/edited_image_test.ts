import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, sameBytes } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type Edit, emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { foreignConfig as config, foreignImage, text } from "./documents.ts";

describe("an edited image", () => {
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

  it("keeps documents byte for byte that the edit leaves as they are", async () => {
    const { image } = await foreignImage(config.replaceAll(",", " , "), { indent: 2 });
    const [manifest, file] = [text(await image.rawManifest()), text(await image.rawConfigFile())];
    const edits: Edit[] = [{}, { layers: (layers) => layers, config: () => {}, manifest: () => {} }];
    for (const edit of edits) {
      const edited = image.edit(edit);
      assert.equal(text(await edited.rawManifest()), manifest);
      assert.equal(text(await edited.rawConfigFile()), file);
      assert.equal(await edited.digest(), await image.digest());
    }
    const noted = image.edit({ manifest: (manifest) => void (manifest.annotations = { n: "1" }) });
    assert.equal(text(await noted.rawConfigFile()), file);
    assert.equal(await noted.configName(), await image.configName());
    assert.notEqual(await noted.digest(), await image.digest());
    // The config is where it was, so that it can be mounted.
    assert.equal((await noted.configPart()).known?.digest, await image.configName());
  });

  it("tells the edit which layers there were and are", async () => {
    const { image } = await foreignImage(config);
    const added = layer(randomBytes(512), { compression: "none" });
    const seen: unknown[] = [];
    const edited = image.edit({
      layers: (layers) => [{ layer: added }, ...layers],
      async config({ rootfs }, { before, layers, signal }) {
        seen.push(before.map(({ index }) => index), layers.map(({ index }) => index));
        rootfs.diff_ids.unshift(await layers[0]!.layer.diffID({ signal }));
      },
    });
    const { layers } = await edited.manifest();
    assert.deepEqual(seen, [[0], [undefined, 0]]);
    assert.deepEqual(layers, [await added.descriptor(), ...(await image.manifest()).layers]);
    assert.equal((await edited.layers())[0], added);
    assert.equal((await edited.config()).rootfs.diff_ids[0], await added.diffID());
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

  it("may have another one on top of it", async () => {
    const [lower, upper] = [randomBytes(5000), randomBytes(6000)];
    const edited = emptyImage()
      .append(layer(pieces(lower, 999), { compression: "none" }))
      .append(layer(pieces(upper, 999), { compression: "none" }));
    const target = memory();
    const { descriptor } = await copy(edited, target, { name: "v1" });
    assert.equal(await edited.digest(), descriptor.digest);
    assert.deepEqual((await (await openImage(target, "v1")).config()).rootfs.diff_ids, [
      await digestBytes(lower),
      await digestBytes(upper),
    ]);
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
