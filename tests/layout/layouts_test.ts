import assert from "node:assert/strict";
import { mkdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import { layout, layouts } from "../../src/layout/mod.ts";
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
      assert.equal(await readText(b, { digest: (await putText(a, "a's blob")).digest }), "a's blob");
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
