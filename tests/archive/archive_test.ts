import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Archive, archive } from "../../src/archive/mod.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { openImage, openRoot, validate } from "../../src/image/mod.ts";
import { type Digest, mediaTypes } from "../../src/spec/mod.ts";
import { collect } from "../layout/support.ts";
import { blobOf, descriptorOf, digestOf, fails, type Files, ociFiles, saved, tarOf } from "./support.ts";

async function opened(files: Files): Promise<Archive> {
  return archive(new Blob([await tarOf(files)]));
}

/** The first image, read whole: its digest. */
async function moved(there: Archive, name = "@0"): Promise<Digest> {
  return (await copy(await openRoot(there, name), memory())).descriptor.digest;
}

describe("an OCI archive", () => {
  it("G19: needs neither oci-layout nor a media type in index.json", async () => {
    const { files, digest } = await ociFiles();
    assert.equal(await moved(await opened(files.filter(([path]) => path !== "oci-layout"))), digest);
  });

  it("F29: of another version, or with a broken index.json, is refused", async () => {
    const { files } = await ociFiles();
    const changed = (path: string, text: string) =>
      opened(files.map(([name, content]): Files[0] => [name, name === path ? text : content]));
    const cases: [Promise<Archive>, RegExp][] = [
      [changed("oci-layout", '{"imageLayoutVersion":"2.0.0"}'), /version of its layout is "2\.0\.0"/],
      [changed("oci-layout", "null"), /version of its layout is undefined/],
      [changed("index.json", "null"), /"index\.json" in archive: not an object/],
      [changed("index.json", '{"schemaVersion":1,"manifests":[]}'), /"schemaVersion" is not 2/],
      [changed("index.json", '{"schemaVersion":2,"config":{},"manifests":[]}'), /does not belong/],
    ];
    for (const [there, words] of cases) {
      await assert.rejects(
        (await there).resolve("@0"),
        (error: Error) => words.test(error.message),
        String(words),
      );
    }
    const none = await changed("index.json", '{"schemaVersion":2,"manifests":null}');
    assert.deepEqual(await collect(none.roots()), []);
  });

  it("F30: is held to its digests and sizes, which never lead out of it", async () => {
    const { files, digest, layer } = await ociFiles();
    const blob = blobOf(digestOf(layer));
    const broken = (content: Uint8Array) =>
      opened(files.map(([path, old]): Files[0] => [path, path === blob ? content : old]));
    const flipped = layer.slice();
    flipped[600]! ^= 1;
    await assert.rejects(moved(await broken(flipped)), fails("digest-mismatch", /sha256:.*the bytes are/));
    await assert.rejects(
      moved(await broken(layer.slice(512))),
      fails("size-mismatch", /1536 bytes, expected 2048/),
    );
    const there = await opened(files);
    const climbing = "sha256:../../etc/passwd" as Digest;
    await assert.rejects(there.open({ digest: climbing }), fails("invalid-digest", /etc\/passwd/));
    assert.equal((await there.resolve(digest)).descriptor.digest, digest);
  });

  it("F31: of several of one name gives the first", async () => {
    const { files, digest } = await ociFiles({ annotations: { "org.opencontainers.image.ref.name": "v1" } });
    const index = JSON.parse(files[1]![1] as string);
    index.manifests.push({ ...index.manifests[0], digest: digestOf("another"), size: 7 });
    const there = await opened(
      files.map(([path, old]) => [path, path === "index.json" ? JSON.stringify(index) : old]),
    );
    assert.equal((await there.resolve("v1")).descriptor.digest, digest);
    assert.deepEqual(await collect(there.names()), ["v1"]);
  });

  it("F33: takes no file names from annotations", async () => {
    const { files, digest } = await ociFiles({
      annotations: { "org.opencontainers.image.title": "../../x" },
    });
    assert.equal(await moved(await opened(files)), digest);
  });

  it("G3 G13: of Docker keeps its manifest, unless that has lost its layers", async () => {
    for (const hollow of [false, true]) {
      const { files, digest, config, layer } = await ociFiles(hollow ? { layers: [] } : {});
      const path = blobOf(digestOf(layer));
      const manifest = [{ Config: blobOf(digestOf(config)), RepoTags: ["app:v1"], Layers: [path] }];
      const twice = files[1]![1] as string;
      const entry = /\[(.*)\]/.exec(twice)![1]!;
      files[1]![1] = twice.replace(entry, `${entry},${entry}`);
      const there = await opened([...files, ["manifest.json", JSON.stringify(manifest)]]);
      const image = await openImage(there, "app:v1");
      assert.equal(await image.digest() === digest, !hollow);
      const mediaType = hollow ? mediaTypes.dockerLayer : mediaTypes.ociLayer;
      assert.deepEqual((await image.manifest()).layers, [descriptorOf(layer, mediaType)]);
      assert.deepEqual(await validate(image), []);
      assert.equal(new Set((await collect(there.roots())).map(({ digest }) => digest)).size, 1);
    }
  });

  it("G3: is refused a name that means one image to Docker and another to the rest", async () => {
    const annotations = { "io.containerd.image.name": "docker.io/library/app:v1" };
    const there = await opened([...(await ociFiles({ annotations })).files, ...await saved()]);
    for (const name of ["app:v1", "docker.io/library/app:v1"]) {
      await assert.rejects(there.resolve(name), fails("invalid-archive", /each name another image so$/));
    }
    assert.notEqual(await moved(there, "@0"), await moved(there, "@1"));
  });

  it("G4: is known by containerd's names and by the specification's", async () => {
    const { files, digest } = await ociFiles({
      annotations: {
        "io.containerd.image.name": "docker.io/library/app:v1",
        "org.opencontainers.image.ref.name": "v1",
      },
    });
    const there = await opened(files);
    assert.deepEqual(await collect(there.names()), ["docker.io/library/app:v1"]);
    for (const name of ["app:v1", "v1"]) assert.equal((await there.resolve(name)).descriptor.digest, digest);
  });
});
