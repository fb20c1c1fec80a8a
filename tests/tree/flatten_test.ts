import assert from "node:assert/strict";
import { describe, it } from "node:test";
import "../../src/codec/mod.ts"; // brings gzip
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import {
  addManifest,
  annotate,
  emptyIndex,
  Image,
  type Index,
  openImage,
  openRoot,
} from "../../src/image/mod.ts";
import { flatten, flattenIndex } from "../../src/tree/mod.ts";
import { file } from "../tar/tools.ts";
import { contents, imageOf } from "./support.ts";

const plain = { compression: "none" } as const;
const image = () =>
  imageOf(() => [file("a", "1"), file("b", "1")], () => [file("a", "2"), file(".wh.b", "")]);

describe("flatten", () => {
  it("makes one layer, and keeps all else", async () => {
    const before = image().configure({ cmd: ["/a"] }).edit(annotate({ note: "kept" }));
    const flat = before.edit(flatten({ ...plain, createdBy: "flattened" }));
    assert.deepEqual(await contents(flat), { a: "2" });
    const { config, history, rootfs } = await flat.config();
    assert.deepEqual(config, { Cmd: ["/a"] });
    const [layer, ...more] = await flat.layers();
    assert.deepEqual(more, []);
    assert.deepEqual(rootfs.diff_ids, [await layer!.diffID()]);
    assert.deepEqual(history, [{
      created_by: "flattened",
      comment: JSON.stringify((await before.config()).history),
    }]);
    assert.deepEqual((await flat.manifest()).annotations, { note: "kept" });
  });

  it("is written as it is read, and the same each time", async () => {
    const store = memory();
    const { descriptor } = await copy(image().edit(flatten()), store);
    assert.equal(descriptor.digest, await image().edit(flatten()).digest());
    assert.deepEqual(await contents(await openImage(store, descriptor.digest)), { a: "2" });
  });

  it("flattens each image of an index, and drops attestations", async () => {
    const store = memory();
    const platform = { os: "linux", architecture: "arm64" };
    const before = emptyIndex()
      .edit(addManifest(image(), { platform, annotations: { note: "kept" } }))
      .edit(addManifest(image(), { platform: { os: "unknown", architecture: "unknown" } }));
    const { descriptor } = await copy(before, store);
    const index = ((await openRoot(store, descriptor)) as Index).edit(flattenIndex(plain));
    const [only, ...more] = (await index.indexManifest()).manifests;
    assert.deepEqual(more, []);
    assert.deepEqual(only?.platform, platform);
    assert.deepEqual(only?.annotations, { note: "kept" });
    const flat = await index.select(platform);
    assert.ok(flat instanceof Image);
    assert.equal((await flat.layers()).length, 1);
  });
});
