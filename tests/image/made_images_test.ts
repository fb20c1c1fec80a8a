import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import {
  artifact,
  emptyImage,
  filesLayer,
  layer,
  openImage,
  randomImage,
  randomIndex,
  randomLayer,
  validate,
  windowsLayer,
} from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { contentIn, file, layerWith, pathsIn } from "./tars.ts";

const plain = { compression: "none" } as const;

describe("a layer of files", () => {
  it("does not depend on their order", async () => {
    const made = filesLayer({ "b/c": "two", a: utf8("one"), "a.b": "" }, plain);
    assert.deepEqual(await pathsIn(made), ["a", "a.b", "b/c"]);
    assert.equal(await contentIn(made, "b/c"), "two");
    assert.equal(
      await made.digest(),
      await filesLayer({ a: "one", "a.b": "", "b/c": "two" }, plain).digest(),
    );
    for (const path of ["", "../a", "a/../../b"]) {
      assert.throws(() => filesLayer({ [path]: "" }), { code: "invalid-name" });
    }
  });
});

describe("random images", () => {
  it("are the same for the same seed, and valid", async () => {
    const options = { seed: 7, layers: 3, size: 100_001 };
    const image = randomImage(options);
    assert.equal(await image.digest(), await randomImage(options).digest());
    assert.notEqual(await image.digest(), await randomImage({ ...options, seed: 8 }).digest());
    assert.deepEqual(await validate(image), []);
    const digests = await Promise.all((await image.layers()).map((layer) => layer.digest()));
    assert.equal(new Set(digests).size, 3);
    for await (const { size } of randomLayer({ seed: 1, size: 70_000 }).entries()) assert.equal(size, 70_000);
    const index = randomIndex({ seed: 1, images: 3, layers: 2 });
    assert.deepEqual(await validate(index), []);
    assert.equal((await index.children()).length, 3);
    // The bytes are part of the contract: who has a seed has the image.
    assert.equal(
      await randomLayer({ seed: 1 }).digest(),
      "sha256:fff84afaff730d6b1c166b1b401cba8a356695ac83229880e44ee5abff070245",
    );
  });
});

describe("a layer of Windows", () => {
  it("has its files below Files, and what its links lead to", async () => {
    const items = () => [
      file("./a.txt", "a"),
      { type: "hardlink" as const, path: "/b.txt", linkname: "a.txt" },
      { type: "symlink" as const, path: "c", linkname: "a.txt" },
      file("d/.wh.e", ""),
    ];
    const made = await windowsLayer(layerWith(items), plain);
    assert.deepEqual(await pathsIn(made), [
      "Files",
      "Hives",
      "Files/a.txt",
      "Files/b.txt -> Files/a.txt",
      "Files/c -> a.txt",
      "Files/d/.wh.e",
    ]);
    const secured: string[] = [];
    for await (const { path, pax } of made.entries()) if (pax.has("MSWINDOWS.rawsd")) secured.push(path);
    assert.deepEqual(secured, ["Files/a.txt", "Files/b.txt", "Files/c"]);
    assert.equal(await windowsLayer(made), made);
    assert.deepEqual(await validate(emptyImage().append(made)), []);
  });
});

describe("an artifact", () => {
  it("has the empty config, its type, and files of any type", async () => {
    const text = layer(utf8("hello"), { ...plain, mediaType: "text/plain" });
    const subject = await emptyImage().descriptor();
    const made = artifact("application/vnd.example", {
      layers: [text, { layer: text, annotations: { "org.opencontainers.image.title": "b" } }],
      annotations: { a: "1" },
      subject,
    });
    const target = memory();
    await copy(made, target, { name: "v1" });
    const found = await openImage(target, "v1");
    const { config, layers, artifactType, annotations, subject: about } = await found.manifest();
    assert.deepEqual([config.mediaType, config.size, artifactType], [
      mediaTypes.ociEmpty,
      2,
      "application/vnd.example",
    ]);
    assert.deepEqual([annotations, about?.digest], [{ a: "1" }, subject.digest]);
    assert.deepEqual(layers.map(({ mediaType, annotations }) => [mediaType, annotations]), [
      ["text/plain", undefined],
      ["text/plain", { "org.opencontainers.image.title": "b" }],
    ]);
    assert.deepEqual(await validate(found), []);
    for await (const referrer of target.referrers(subject)) {
      assert.equal(referrer.artifactType, "application/vnd.example");
    }
    assert.throws(() => artifact("nothing"), { code: "invalid-document" });
    const own = artifact("application/vnd.example", {
      config: { mediaType: "application/json", bytes: utf8("[1]") },
    });
    assert.equal(new TextDecoder().decode(await own.rawConfigFile()), "[1]");
  });
});
