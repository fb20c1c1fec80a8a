import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { emptyImage, type Image, layer, openImage, removeLayer } from "../../../src/image/mod.ts";
import { type ConfigFile, formatJson } from "../../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../../src/testing/content.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { foreignConfig, foreignImage, text } from "../documents.ts";

const plain = { compression: "none" } as const;
const layers = [0, 1, 2].map((seed) => layer(randomBytes(512, seed), plain));

/** Three layers, and two entries of history without one. */
function image(): Image {
  const empty = (created_by: string) => ({ created_by, empty_layer: true });
  const made = layers.reduce(
    (image, layer, i) =>
      image.append(layer, { history: { created_by: `layer ${i}` }, annotations: { n: `${i}` } }),
    emptyImage(),
  );
  return made.edit({
    config: (config) => {
      const [a, b, c] = config.history!;
      config.history = [a!, empty("ENV"), b!, empty("CMD"), c!];
    },
  });
}

describe("removeLayer", () => {
  it("takes out the layer, its diffID and its history", async () => {
    const edited = image().edit(removeLayer(1));
    const [a, , c] = layers;
    assert.deepEqual(await edited.layers(), [a, c]);
    const { rootfs, history } = await edited.config();
    assert.deepEqual(rootfs.diff_ids, [await a!.diffID(), await c!.diffID()]);
    assert.deepEqual(history?.map(({ created_by }) => created_by), ["layer 0", "ENV", "CMD", "layer 2"]);
    const { layers: [first, second, ...more] } = await edited.manifest();
    assert.deepEqual([first?.annotations, second?.annotations, more], [{ n: "0" }, { n: "2" }, []]);
    assert.equal((await edited.manifest()).config.digest, await edited.configName());
  });

  it("knows the layer by its digest too, and can take out one after the other", async () => {
    const digest = await layers[2]!.digest();
    const edited = image().edit(removeLayer(digest));
    assert.equal(await edited.digest(), await image().edit(removeLayer(2)).digest());
    const none = edited.edit(removeLayer(0)).edit(removeLayer(0));
    assert.deepEqual(await none.layers(), []);
    assert.deepEqual((await none.config()).history?.map(({ created_by }) => created_by), ["ENV", "CMD"]);
    await rejects(none.edit(removeLayer(0)).digest(), "not-found");
    await rejects(edited.edit(removeLayer(digest)).layers(), "not-found", /remove layer sha256:/);
    for (const which of [-1, 3, 0.5, NaN]) {
      await rejects(image().edit(removeLayer(which)).layers(), "not-found");
    }
  });

  it("takes the right one of two that are the same", async () => {
    const twice = emptyImage()
      .append(layers[0]!, { annotations: { n: "lower" } })
      .append(layers[0]!, { annotations: { n: "upper" } });
    const { layers: left } = await twice.edit(removeLayer(0)).manifest();
    assert.deepEqual(left.map(({ annotations }) => annotations), [{ n: "upper" }]);
  });

  it("is written without what was taken out, and keeps fields that it does not know", async () => {
    const { image } = await foreignImage(foreignConfig);
    const target = memory();
    const added = layer(randomBytes(100), plain);
    await copy(image.append(added).edit(removeLayer(0)), target, { name: "v1" });
    const written = await openImage(target, "v1");
    assert.deepEqual((await written.manifest()).layers, [await added.descriptor()]);
    const removed = (await image.manifest()).layers[0]!;
    await rejects(target.open(removed), "not-found");
    assert.match(text(await written.rawConfigFile()), /"x-big":12345678901234567890.*"history":\[{}\]/);
  });

  it("refuses a config that cannot be matched to the layers", async () => {
    const broken = (change: (config: ConfigFile) => void) =>
      image().edit({ config: change }).edit(removeLayer(0));
    await rejects(
      broken((config) => void config.history?.pop()).config(),
      "invalid-document",
      /remove layer 0: the config has a history of 2 layers, the image 3 layers/,
    );
    await rejects(
      broken((config) => void config.rootfs.diff_ids.pop()).config(),
      "invalid-document",
      /2 diffIDs/,
    );
    const without = broken((config) => void delete config.history);
    assert.equal((await without.config()).history, undefined);
    assert.doesNotMatch(text(formatJson(await without.config())), /history/);
  });

  it("leaves an artifact's config byte for byte", async () => {
    const { image } = await foreignImage(`{ "mine" : 1 }`, { configType: "application/vnd.example+json" });
    const edited = image.edit(removeLayer(0));
    assert.equal(text(await edited.rawConfigFile()), `{ "mine" : 1 }`);
    assert.deepEqual((await edited.manifest()).layers, []);
  });

  it("must know what it takes out: a layer that is not written yet has no digest", async () => {
    const once = layer(pieces(randomBytes(500), 99), plain);
    const above = emptyImage().append(once).append(layers[0]!);
    await rejects(above.edit(removeLayer(await layers[0]!.digest())).layers(), "not-computed");
  });
});
