import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../../src/bytes.ts";
import { copy } from "../../../src/copy/mod.ts";
import { openRoot, randomImage } from "../../../src/image/mod.ts";
import type { Digest } from "../../../src/spec/mod.ts";
import type { Store, Target } from "../../../src/store/mod.ts";
import { collect, contentOf, type InStore, putBlob, readText } from "../support.ts";

async function has(target: Target, digest: Digest, role: "manifest" | "blob"): Promise<boolean> {
  return await target.resolve(digest, { role }).then(() => true, () => false);
}

const image = (seed: number) => randomImage({ seed, layers: 1, size: 100 });

async function names(there: Store): Promise<string[]> {
  return await collect(there.linkedRepositories());
}

/** What linked of every store do. */
export function testLinked(inStore: InStore): void {
  describe("a linked repository", () => {
    it("has only what came through it", () =>
      inStore(async (there) => {
        const [a, b] = [there.linked("a"), there.linked("b")];
        const blob = await putBlob(a, "secret");
        const { descriptor } = await copy(image(1), a, { name: "v1" });
        assert.ok(await has(a, blob.digest, "blob") && await has(a, descriptor.digest, "manifest"));
        assert.ok(!await has(b, blob.digest, "blob") && !await has(b, descriptor.digest, "manifest"));
        await assert.rejects(b.open(blob), { code: "not-found" });
        await assert.rejects(b.tag("v1", descriptor), { code: "not-found" });
        assert.equal(await b.file(blob), undefined);
        assert.equal((await b.write(await contentOf(utf8("secret")))).how, "written");
        assert.equal(await readText(b, blob), "secret");
      }));

    it("loses what is deleted, and others do not", () =>
      inStore(async (there) => {
        const [a, b] = [there.linked("a"), there.linked("b")];
        for (const one of [a, b]) await copy(image(1), one, { name: "v1" });
        const { descriptor } = await a.resolve("v1");
        const blob = await putBlob(a, "shared");
        await putBlob(b, "shared");
        await a.delete(blob, { role: "blob" });
        await assert.rejects(a.delete(blob, { role: "blob" }), { code: "not-found" });
        await a.delete(descriptor, { role: "manifest" });
        await assert.rejects(a.resolve("v1"), { code: "not-found" });
        await there.gc({ grace: 0 });
        assert.ok(await has(b, descriptor.digest, "manifest"));
        await copy(await openRoot(b, "v1"), there.linked("c"), { name: "v1" });
      }));

    it("keeps manifests without a tag, and frees what is deleted", () =>
      inStore(async (there, { blobs }) => {
        const a = there.linked("a");
        const { descriptor: first } = await copy(image(1), a, { name: "v1" });
        await copy(image(2), a, { name: "v1" });
        await putBlob(a, "of no manifest");
        await there.gc({ grace: 0 });
        await copy(await openRoot(a, first.digest), there.linked("b"));
        await there.linked("b").delete(first);
        await a.delete(first);
        const { descriptor: second } = await a.resolve("v1");
        await a.delete(second);
        assert.deepEqual(await names(there), ["a", "b"]);
        await there.gc({ grace: 0 });
        assert.deepEqual(await names(there), []);
        assert.deepEqual(await blobs(), []);
      }));

    it("lists its own referrers", () =>
      inStore(async (there) => {
        const [a, b] = [there.linked("a"), there.linked("b")];
        const subject = await copy(image(1), a, { name: "v1" });
        await copy(image(1), b, { name: "v1" });
        const about = {
          schemaVersion: 2,
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          artifactType: "application/vnd.example",
          config: await putBlob(a, "{}"),
          layers: [],
          subject: subject.descriptor,
        };
        const content = { ...await contentOf(utf8(JSON.stringify(about))), mediaType: about.mediaType };
        const { descriptor } = await a.write(content, { role: "manifest" });
        assert.deepEqual((await collect(a.referrers(subject.descriptor))).map(({ digest }) => digest), [
          descriptor.digest,
        ]);
        assert.deepEqual(await collect(b.referrers(subject.descriptor)), []);
        await a.delete(descriptor);
        assert.deepEqual(await collect(a.referrers(subject.descriptor)), []);
      }));

    it("gives its tags in order, from one on", () =>
      inStore(async (there) => {
        const a = there.linked("a");
        const { descriptor } = await copy(image(1), a, { name: "b" });
        for (const tag of ["c", "A", "a"]) await a.tag(tag, descriptor);
        await there.linked("a/b").write(await contentOf(utf8("other")), { role: "blob" });
        assert.deepEqual(await collect(a.names()), ["A", "a", "b", "c"]);
        assert.deepEqual(await collect(a.names({ after: "a" })), ["b", "c"]);
        assert.deepEqual(await names(there), ["a", "a/b"]);
      }));
  });
}
