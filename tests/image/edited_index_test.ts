import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sameBytes } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import {
  addManifest,
  emptyImage,
  emptyIndex,
  type Image,
  Index,
  layer,
  openImage,
  openRoot,
} from "../../src/image/mod.ts";
import { parsePlatform } from "../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { put, text } from "./documents.ts";

const plain = { compression: "none" } as const;

function imageFor(platform: string): Image {
  return emptyImage(parsePlatform(platform)).append(layer(randomBytes(512), plain));
}

describe("an edited index", () => {
  it("is written with all below it", async () => {
    const target = memory();
    const platform = parsePlatform("linux/arm64");
    const image = imageFor("linux/arm64");
    const index = emptyIndex().edit(addManifest(image, { platform }));
    await copy(index, target, { name: "v1" });
    assert.ok(sameBytes(await (await openRoot(target, "v1")).rawManifest(), await index.rawManifest()));
    assert.equal(await (await openImage(target, "v1", { platform })).digest(), await image.digest());
  });

  it("may hold an image whose digest only its writing tells, and the same image twice", async () => {
    const once = emptyImage().append(layer(pieces(randomBytes(5000), 99), plain));
    const index = emptyIndex().edit(addManifest(once)).edit(
      addManifest(once, { annotations: { again: "1" } }),
    );
    await rejects(index.digest(), "not-computed");
    const target = memory();
    const { descriptor } = await copy(index, target, { name: "v1" });
    assert.equal(await index.digest(), descriptor.digest);
    const { manifests } = await index.indexManifest();
    assert.equal(manifests[0]?.digest, manifests[1]?.digest);
    assert.deepEqual(manifests.map(({ annotations }) => annotations), [undefined, { again: "1" }]);
  });

  it("keeps fields it does not know and the order of keys, and its bytes where nothing changes", async () => {
    const store = memory();
    const { descriptor } = await copy(imageFor("linux/amd64"), store);
    const before = {
      "x-first": 1,
      schemaVersion: 2,
      "manifests": [{ "x-in": 1, ...descriptor }],
      "x-last": [],
    };
    const stored = await openRoot(store, await put(store, before, { indent: 2 }));
    assert.ok(stored instanceof Index);
    const added = stored.edit(addManifest(imageFor("linux/arm64")));
    assert.match(
      text(await added.rawManifest()),
      /^{"x-first":1,"schemaVersion":2,"manifests":\[{"x-in":1,"mediaType".*"x-last":\[\]}$/,
    );
    assert.equal(text(await stored.edit({}).rawManifest()), JSON.stringify(before, null, 2));
    const same = stored.edit({ entries: (entries) => entries, manifest: () => {} });
    assert.equal(await same.digest(), await stored.digest());
  });

  it("can lose entries", async () => {
    const index = emptyIndex().edit(addManifest(imageFor("linux/amd64"))).edit(addManifest(emptyIndex()));
    const fewer = index.edit({ entries: ([, second]) => [second!] });
    assert.deepEqual((await fewer.indexManifest()).manifests, [await emptyIndex().descriptor()]);
    assert.equal((await fewer.children()).length, 1);
  });
});
