import assert from "node:assert/strict";
import { mkdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { streamOf, utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { type Descriptor, layout, layouts } from "../../src/layout/mod.ts";
import { annotations } from "../../src/spec/mod.ts";
import {
  collect,
  contentOf,
  filesIn,
  inDirectory,
  putImage,
  putIndex,
  putText,
  readText,
} from "./support.ts";

const { refName } = annotations;
const isNotFound = (error: unknown) => GantryError.is(error, "not-found");

describe("layouts", () => {
  it("lists its repositories in order, whatever else lies there", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      assert.deepEqual(await collect(repositories.repositories()), []);
      const names = ["b", "a/b/c", "a", "a-b", "a/b"];
      for (const name of names) await putText(repositories(name), "shared");
      await mkdir(join(root, "repositories", "empty", "_layout"), { recursive: true });
      await writeFile(join(root, "repositories", "file"), "");
      await symlink(root, join(root, "repositories", "link"));
      assert.deepEqual(await collect(repositories.repositories()), ["a", "a-b", "a/b", "a/b/c", "b"]);
    }));

  it("takes only names of repositories", () =>
    inDirectory((root) => {
      for (const name of ["", "..", "../x", "a//b", "_layout", "a/_layout", "A", "/a", "a/"]) {
        assert.throws(() => layouts(root)(name), (error) => GantryError.is(error, "invalid-name"), name);
      }
      return Promise.resolve();
    }));

  it("keeps each blob once", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      const image = await putImage(repositories("a"), "shared", { name: "v1" });
      const before = (await filesIn(join(root, "blobs"))).length;
      const written = await repositories("b").write(await contentOf(utf8("layer of shared")));
      assert.equal(written.how, "present");
      assert.deepEqual(await putImage(repositories("b"), "shared", { name: "v1" }), image);
      assert.equal((await filesIn(join(root, "blobs"))).length, before);
    }));

  it("keeps names and manifests apart", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      const [a, b] = [repositories("a"), repositories("b")];
      const image = await putImage(a, "only in a");
      const index = await putIndex(a, [image], { name: "v1" });
      await putText(b, "something");
      for (const { digest } of [image, index]) {
        assert.equal((await a.resolve(digest)).descriptor.digest, digest);
        await assert.rejects(b.resolve(digest), isNotFound);
        await assert.rejects(b.open({ digest }, { role: "manifest" }), isNotFound);
        await assert.rejects(b.delete({ digest }, { role: "manifest" }), isNotFound);
      }
      await assert.rejects(b.tag("v1", index), isNotFound);
      await assert.rejects(b.resolve("v1"), isNotFound);
    }));

  it("keeps blobs apart: a repository has what came through it, and what its manifests name", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      const [a, b] = [repositories("a"), repositories("b")];
      const blob = await putText(a, "a's blob");
      const image = await putImage(a, "a's image", { name: "v1" });
      await putText(b, "something");
      const layer = { digest: await digestBytes(utf8("layer of a's image")) };
      for (const { digest } of [blob, layer]) {
        assert.equal((await a.resolve(digest, { role: "blob" })).descriptor.digest, digest);
        await assert.rejects(b.resolve(digest, { role: "blob" }), isNotFound);
        await assert.rejects(b.open({ digest }, { role: "blob" }), isNotFound);
        assert.equal(await b.file({ digest }), undefined);
      }
      const ingest = await b.ingest("again");
      await ingest.append(streamOf(utf8("a's blob")), 0);
      await ingest.commit(blob.digest);
      assert.equal(await readText(layouts(root)("b"), blob), "a's blob");
      // As if an older version had written all this: nothing says what came through a, but its manifests do.
      for (const name of ["a", "b"]) {
        await rm(join(root, "repositories", name, "_layout", "links"), { recursive: true });
      }
      assert.equal(await readText(layouts(root)("a"), layer), "layer of a's image");
      await assert.rejects(layouts(root)("a").resolve(blob.digest, { role: "blob" }), isNotFound);
      await assert.rejects(layouts(root)("b").resolve(layer.digest, { role: "blob" }), isNotFound);
      await repositories("b").write(
        {
          ...await contentOf((await a.resolve("v1", { document: true })).document!),
          mediaType: image.mediaType,
        },
        { role: "manifest", name: "v1" },
      );
      assert.equal(await readText(layouts(root)("b"), layer), "layer of a's image");
    }));

  it("forgets with the garbage what came through a repository", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      const { digest } = await putText(repositories("a"), "garbage");
      await utimes(join(root, "blobs", "sha256", digest.slice(7)), 1, 1);
      assert.deepEqual((await repositories.gc()).removed, [digest]);
      await putText(repositories("b"), "garbage");
      await assert.rejects(repositories("a").resolve(digest, { role: "blob" }), isNotFound);
    }));

  it("keeps so many of what a tag has moved away from, the last ones", () =>
    inDirectory(async (root) => {
      const repository = layouts(root, { untagged: 2 })("a");
      const pushed = await putImage(repository, "without a tag");
      const images: Descriptor[] = [];
      for (let i = 0; i < 6; i++) images.push(await putImage(repository, `image ${i}`, { name: "latest" }));
      const listed = async () =>
        (await collect(repository.roots())).map(({ digest, annotations }) => {
          assert.deepEqual(Object.keys(annotations ?? {}), digest === images[5]!.digest ? [refName] : []);
          return digest;
        });
      const expected = [pushed, images[3]!, images[4]!, images[5]!].map(({ digest }) => digest).sort();
      assert.deepEqual((await listed()).sort(), expected);
      assert.equal((await repository.resolve(images[4]!.digest)).descriptor.digest, images[4]!.digest);
      await assert.rejects(repository.resolve(images[2]!.digest), isNotFound);
      // One that gets a name again is no longer one of them; what is untagged is.
      await repository.tag("other", images[3]!);
      await repository.untag("other");
      await putImage(repository, "one more", { name: "latest" });
      assert.equal((await repository.resolve(images[3]!.digest)).descriptor.digest, images[3]!.digest);
      await assert.rejects(repository.resolve(images[4]!.digest), isNotFound);
      assert.equal((await repository.resolve(pushed.digest)).descriptor.digest, pushed.digest);
    }));

  it("deletes a manifest in one repository and not in the others", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      const image = await putImage(repositories("a"), "in both", { name: "v1" });
      await putImage(repositories("b"), "in both", { name: "v1" });
      await repositories("a").delete(image, { role: "manifest" });
      await assert.rejects(repositories("a").resolve(image.digest), isNotFound);
      await assert.rejects(repositories("a").resolve("v1"), isNotFound);
      assert.equal(
        (await repositories("b").resolve("v1", { document: true })).descriptor.digest,
        image.digest,
      );
    }));

  it("deletes no manifest that an index leads to", () =>
    inDirectory(async (root) => {
      const repository = layouts(root)("a");
      const image = await putImage(repository, "inner");
      const index = await putIndex(repository, [image], { name: "v1" });
      await assert.rejects(repository.delete(image, { role: "manifest" }), (e) =>
        GantryError.is(e, "unsupported"));
      await repository.delete(index, { role: "manifest" });
      await assert.rejects(repository.resolve(image.digest), isNotFound);
    }));

  it("knows at once what was written without a name, under a lease or not", () =>
    inDirectory(async (root) => {
      const repository = layouts(root)("a");
      const lease = await repository.lease();
      const image = await putImage(repository, "pending");
      const index = await putIndex(repository, [image]);
      for (const { digest } of [image, index]) {
        assert.equal((await repository.resolve(digest)).descriptor.digest, digest);
      }
      await repository.tag("v1", index);
      await lease[Symbol.asyncDispose]();
      assert.deepEqual((await collect(repository.roots())).map(({ digest }) => digest), [index.digest]);
    }));

  it("collects the garbage of all", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      const kept = await putImage(repositories("a/b"), "kept", { name: "v1" });
      await putImage(repositories("c"), "kept too", { name: "v1" });
      await putImage(repositories("c"), "kept", { name: "v2" });
      const garbage = await putText(repositories("c"), "garbage");
      await repositories("c").delete(kept, { role: "manifest" });
      for (const name of await filesIn(join(root, "blobs"))) await utimes(join(root, "blobs", name), 1, 1);
      assert.deepEqual((await repositories.gc()).removed, [garbage.digest]);
      assert.deepEqual((await repositories("c").gc()).removed, []);
      assert.equal(
        (await repositories("a/b").resolve("v1", { document: true })).descriptor.digest,
        kept.digest,
      );
    }));

  it("removes nothing when one of the index.json files is broken", () =>
    inDirectory(async (root) => {
      const repositories = layouts(root);
      await putImage(repositories("a"), "a", { name: "v1" });
      await putText(repositories("b"), "garbage");
      const files = await filesIn(join(root, "blobs"));
      await writeFile(join(root, "repositories", "b", "_layout", "index.json"), "{");
      await assert.rejects(
        repositories.gc({ grace: 0 }),
        (error) => GantryError.is(error, "invalid-document"),
      );
      assert.deepEqual(await filesIn(join(root, "blobs")), files);
    }));

  it("are layouts with their blobs elsewhere", () =>
    inDirectory(async (root) => {
      const image = await putImage(layouts(root)("acme/app"), "seen", { name: "v1" });
      const directory = join(root, "repositories", "acme", "app", "_layout");
      const there = layout(directory, { blobs: join(root, "blobs") });
      assert.equal((await there.resolve("v1", { document: true })).descriptor.digest, image.digest);
      assert.equal(await readFile(join(directory, "oci-layout"), "utf8"), '{"imageLayoutVersion":"1.0.0"}');
    }));
});
