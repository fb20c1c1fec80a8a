import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { describe, it } from "node:test";
import { concat, streamOf, utf8 } from "../../../src/bytes.ts";
import { digestBytes } from "../../../src/digest/mod.ts";
import { mediaTypes } from "../../../src/spec/media_type.ts";
import { labelNames } from "../../../src/store/mod.ts";
import { breaking, randomBytes } from "../../../src/testing/content.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { collect, ingestText, type InStore, putImage, readText } from "../support.ts";

const missing = `sha256:${"0".repeat(64)}` as const;

/** What content of every store do. */
export function testContent(inStore: InStore): void {
  describe("content", () => {
    it("is written, looked at, labelled, walked and read", () =>
      inStore(async (there) => {
        const { digest, size } = await ingestText(there, "hello", { a: "1" });
        const info = await there.content.info(digest);
        assert.deepEqual([info.digest, info.size, info.labels], [digest, 5, { a: "1" }]);
        const updated = await there.content.update({ digest, labels: { b: "2" } }, ["labels.b"]);
        assert.deepEqual(updated.labels, { a: "1", b: "2" });
        await there.content.update({ digest, labels: { a: "" } }, ["labels.a"]);
        assert.deepEqual((await there.content.info(digest)).labels, { b: "2" });
        await there.content.update({ digest, labels: { c: "3" } });
        const other = await ingestText(there, "world");
        const walk = async (...filters: string[]) =>
          (await collect(there.content.walk(filters))).map((one) => one.digest);
        assert.deepEqual(await walk(), [digest, other.digest].sort());
        assert.deepEqual(await walk("labels.c==3"), [digest]);
        assert.deepEqual(await walk(`digest==${other.digest}`), [other.digest]);
        assert.equal(await readText(there.content as never, { digest, size }), "hello");
      }));

    it("that is not there, and what is no argument, are refused", () =>
      inStore(async (there) => {
        const { digest } = await ingestText(there, "hello");
        await rejects(there.content.info(missing), "not-found");
        await rejects(there.content.info("sha256:x"), "invalid-digest");
        await rejects(there.content.open({ digest: missing }), "not-found");
        await rejects(there.content.update({ digest: missing }), "not-found");
        await rejects(there.content.update({ digest }, ["size"]), "invalid-argument");
        await rejects(there.content.update({ digest, labels: { a: "v".repeat(4096) } }), "invalid-argument");
        await rejects(there.content.delete(missing), "not-found");
        await rejects(there.content.abort("nothing"), "not-found");
        await rejects(there.content.status("nothing"), "not-found");
        await rejects(there.content.writer(""), "invalid-argument");
      }));

    it("is deleted, unless something needs it", () =>
      inStore(async (there) => {
        const blob = await ingestText(there, "alone");
        await there.content.delete(blob.digest);
        await rejects(there.content.open(blob), "not-found");
        const image = await putImage(there.repository("a"), "needed", { name: "v1" });
        const labels = (await there.content.info(image.digest)).labels;
        const layer = labels[`${labelNames.content}.l.0`] as typeof missing;
        await rejects(there.content.delete(layer), "conflict");
        await rejects(there.content.delete(image.digest), "conflict");
        await there.images.delete("a:v1");
        await there.content.delete(image.digest);
        await there.content.delete(layer);
      }));
  });

  describe("writers of content", () => {
    it("go on where they were left, also in another instance", () =>
      inStore(async (there, { again: open }) => {
        const bytes = randomBytes(300_000);
        const writer = await there.content.writer("any ref: may/be@used", { total: 300_000 });
        await assert.rejects(writer.append(breaking(bytes, 100_000), 0));
        const { offset } = writer;
        await writer.close();
        await writer.close();
        const status = await there.content.status("any ref: may/be@used");
        assert.deepEqual([status.offset, status.total], [offset, 300_000]);
        assert.ok(Math.abs(Date.now() - status.startedAt.getTime()) < 60_000);
        await using other = open();
        const again = await other.content.writer("any ref: may/be@used", { total: 300_000 });
        assert.equal(again.offset, offset);
        await again.append(streamOf(bytes.slice(offset)), offset);
        const info = await again.commit({ digest: await digestBytes(bytes), labels: { a: "1" } });
        assert.deepEqual([info.size, info.labels], [300_000, { a: "1" }]);
        assert.deepEqual(await collect(there.content.listStatuses()), []);
        await rejects(again.commit(), "conflict");
        await rejects(again.append(streamOf(bytes), 0), "conflict");
      }));

    it("are told apart by filters", () =>
      inStore(async (there) => {
        for (const ref of ["layer-1", "layer-2", "config-1"]) {
          const writer = await there.content.writer(ref);
          await writer.append(streamOf(utf8("x")), 0);
          await writer.close();
        }
        const found = await collect(there.content.listStatuses("ref~=^layer"));
        assert.deepEqual(found.map(({ ref }) => ref).sort(), ["layer-1", "layer-2"]);
      }));

    it("begin anew when another number of bytes is announced", () =>
      inStore(async (there) => {
        const writer = await there.content.writer("one", { total: 10 });
        await writer.append(streamOf(utf8("12345")), 0);
        await writer.close();
        await using again = await there.content.writer("one", { total: 11 });
        assert.equal(again.offset, 0);
      }));

    it("keep their bytes when there are too few, or others than expected", () =>
      inStore(async (there) => {
        const writer = await there.content.writer("one");
        await writer.append(streamOf(utf8("hel")), 0);
        await rejects(writer.commit({ size: 5 }), "size-mismatch");
        await writer.append(streamOf(utf8("lo")), 3);
        assert.equal((await writer.commit({ size: 5 })).digest, await digestBytes(utf8("hello")));
        const wrong = await there.content.writer("two");
        await wrong.append(streamOf(utf8("hello!")), 0);
        await rejects(wrong.commit({ digest: await digestBytes(utf8("hello")) }), "digest-mismatch");
        await wrong.close();
        const again = await there.content.writer("two");
        assert.equal((await again.commit()).digest, await digestBytes(utf8("hello!")));
      }));

    it("refuse to begin what is here, and end well with what is here", () =>
      inStore(async (there) => {
        const { digest } = await ingestText(there, "hello", { a: "1" });
        await rejects(there.content.writer("one", { expected: digest }), "conflict", /here already/);
        const writer = await there.content.writer("one");
        await writer.append(streamOf(utf8("hello")), 0);
        assert.equal((await writer.commit({ digest })).digest, digest);
        assert.deepEqual((await there.content.info(digest)).labels, { a: "1" });
      }));

    it("take sha512 and nothing at all", () =>
      inStore(async (there) => {
        const writer = await there.content.writer("one");
        const digest = await digestBytes(utf8(""), "sha512");
        assert.equal((await writer.commit({ digest, size: 0 })).digest, digest);
      }));
  });

  describe("diffIDs", () => {
    it("are those of what comes out, and are kept in a label", () =>
      inStore(async (there) => {
        const tar = concat([randomBytes(2000), new Uint8Array(1024)]);
        const bytes = new Uint8Array(gzipSync(tar));
        const writer = await there.content.writer("layer");
        await writer.append(streamOf(bytes), 0);
        const { digest, size } = await writer.commit();
        const layer = { mediaType: mediaTypes.ociLayerGzip, digest, size };
        assert.equal(await there.content.diffID(layer), await digestBytes(tar));
        const { labels } = await there.content.info(digest);
        assert.equal(labels["containerd.io/uncompressed"], await digestBytes(tar));
        assert.equal(await there.content.diffID(layer), await digestBytes(tar));
      }));
  });
}
