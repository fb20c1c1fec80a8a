import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { annotate, emptyImage, layer, openImage } from "../../../src/image/mod.ts";
import { pieces, randomBytes } from "../../../src/testing/content.ts";
import { foreignConfig, foreignImage, text } from "../documents.ts";

describe("annotate", () => {
  it("sets and removes annotations of the manifest, and nothing else", async () => {
    const { image } = await foreignImage(foreignConfig);
    const edited = image.edit(annotate({ kept: "still", added: "1", gone: null }));
    assert.deepEqual((await edited.manifest()).annotations, { kept: "still", added: "1" });
    const { annotations: _, ...rest } = await edited.manifest();
    const { annotations: before, ...restBefore } = await image.manifest();
    assert.deepEqual(rest, restBefore);
    assert.deepEqual(before, { kept: "yes" });
    assert.equal(text(await edited.rawConfigFile()), text(await image.rawConfigFile()));
    assert.match(text(await edited.rawManifest()), /"x-vendor":{"z":1,"a":2},"config"/);
  });

  it("leaves no empty list, and keeps the bytes where nothing changes", async () => {
    const { image } = await foreignImage(foreignConfig, { indent: 2 });
    assert.equal((await image.edit(annotate({ kept: null })).manifest()).annotations, undefined);
    const nothing: Record<string, string | null>[] = [{}, { kept: "yes" }, { other: null }];
    for (const changes of nothing) {
      assert.equal(text(await image.edit(annotate(changes)).rawManifest()), text(await image.rawManifest()));
    }
    const empty = emptyImage();
    assert.equal(await empty.edit(annotate({ other: null })).digest(), await empty.digest());
  });

  it("takes an artifact, and an image with a layer that is not written yet", async () => {
    const { image } = await foreignImage("{ }", { configType: "application/vnd.example+json" });
    assert.equal(text(await image.edit(annotate({ a: "1" })).rawConfigFile()), "{ }");
    const once = emptyImage().append(layer(pieces(randomBytes(5000), 99), { compression: "none" }));
    const target = memory();
    await copy(once.edit(annotate({ a: "1" })), target, { name: "v1" });
    assert.deepEqual((await (await openImage(target, "v1")).manifest()).annotations, { a: "1" });
  });
});
