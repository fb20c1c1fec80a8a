import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Digest } from "../../src/spec/digest.ts";
import { store } from "../../src/store/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { collect, inDirectory, ingestText, inStore, putImage } from "./support.ts";

const pathOf = (directory: string, digest: Digest) => join(directory, "blobs", "sha256", digest.slice(7));

async function spoil(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0]! ^= 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}

describe("checks of a store", () => {
  it("find bytes of the right number that are wrong, and what is missing; and remove what is of them", () =>
    inStore(async (there, { directory }) => {
      const good = await putImage(there.repository("good"), "good", { name: "v1" });
      const wrong = await putImage(there.repository("wrong"), "wrong", { name: "v1" });
      const lost = await ingestText(there, "lost");
      assert.deepEqual((await there.fsck()).problems, []);
      await spoil(pathOf(directory, wrong.digest));
      await rm(pathOf(directory, lost.digest));
      const read: Digest[] = [];
      const { problems, blobs } = await there.fsck({ progress: ({ digest }) => read.push(digest) });
      assert.equal(problems.length, 2);
      assert.ok(problems.some((problem) => problem.includes(wrong.digest)));
      assert.ok(problems.some((problem) => problem.includes(lost.digest)));
      assert.equal(read.length, blobs);
      const repaired = await there.fsck({ repair: true });
      assert.ok(repaired.problems.some((problem) => problem.includes("wrong:v1")));
      assert.deepEqual((await there.fsck()).problems, []);
      await rejects(there.images.get("wrong:v1"), "not-found");
      await rejects(there.content.info(lost.digest), "not-found");
      assert.equal((await there.images.get("good:v1")).target.digest, good.digest);
      // It can be written again.
      await putImage(there.repository("wrong"), "wrong", { name: "v1" });
      assert.ok((await there.check("wrong:v1")).complete);
    }));

  it("tell of files that are no blobs, and leave them", () =>
    inStore(async (there, { directory }) => {
      await ingestText(there, "good");
      await writeFile(join(directory, "blobs", "sha256", "README"), "hello");
      await mkdir(join(directory, "blobs", "md5"));
      const { problems } = await there.fsck({ repair: true });
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, /README" is no blob$/);
      await there.gc({ grace: 0 });
      assert.deepEqual(await readdir(join(directory, "blobs", "sha256")), ["README"]);
    }));
});

describe("opening a store", () => {
  it("puts back what a collection of garbage had taken away that was killed", () =>
    inStore(async (there, { directory }) => {
      const { digest } = await putImage(there.repository("a"), "one", { name: "v1" });
      const trash = join(directory, ".gantry", "trash");
      await mkdir(trash, { recursive: true });
      await rename(pathOf(directory, digest), join(trash, digest.replace(":", "-")));
      await using again = store(directory);
      assert.ok((await again.check("a:v1")).complete);
    }));

  it("to read makes nothing where there is none", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "none");
      await using there = store(path);
      assert.deepEqual(await collect(there.images.list()), []);
      await rejects(there.images.get("x"), "not-found");
      await rejects(there.repository("x").resolve("v1"), "not-found");
      assert.deepEqual(await readdir(directory), []);
    }));

  it("knows what is no namespace and no repository", () =>
    inStore((there, { directory }) => {
      for (const namespace of ["", "a/b", ".", "a..b", "x".repeat(77)]) {
        assert.throws(() => store(directory, { namespace }), { code: "invalid-name" });
      }
      for (const name of ["", "A", "a/", "a b", "a:b"]) {
        assert.throws(() => there.repository(name), { code: "invalid-name" }, name);
      }
      return Promise.resolve();
    }));

  it("is over once it is closed", () =>
    inDirectory(async (directory) => {
      const there = store(directory);
      await ingestText(there, "one");
      await there.close();
      await there.close();
      await rejects(collect(there.content.walk()), "consumed");
    }));
});

describe("content that was written by itself", () => {
  it("keeps what it names once something names it as a manifest", () =>
    inStore(async (there) => {
      const layer = await ingestText(there, "layer");
      const config = await ingestText(there, "{}");
      const manifest = await ingestText(
        there,
        JSON.stringify({
          schemaVersion: 2,
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          config: { ...config, mediaType: "application/vnd.oci.empty.v1+json" },
          layers: [layer],
        }),
      );
      const target = { ...manifest, mediaType: "application/vnd.oci.image.manifest.v1+json" };
      await there.images.create({ name: "a:v1", target });
      await there.gc({ grace: 0 });
      assert.ok((await there.check("a:v1")).complete);
      assert.equal(
        (await there.repository("a").resolve(manifest.digest)).descriptor.mediaType,
        target.mediaType,
      );
    }));
});
