import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../../src/errors.ts";
import type { Descriptor } from "../../../src/spec/descriptor.ts";
import type { ImageInput } from "../../../src/store/mod.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { collect, ingestText, type InStore } from "../support.ts";

const annotated = (target: Descriptor, annotations: Record<string, string>) => ({ ...target, annotations });

/** What images of every store do. */
export function testImages(inStore: InStore): void {
  describe("images", () => {
    it("keep their whole target, and tell when they came", () => {
      let time = 1000;
      return inStore(async (there) => {
        const target = {
          ...await ingestText(there, "one"),
          platform: { os: "linux", architecture: "amd64" },
          urls: ["https://example.com/one"],
          artifactType: "application/x-one",
          annotations: { note: "n" },
        };
        const created = await there.images.create({
          name: "spaces are fine",
          target,
          labels: { a: "1", b: "" },
        });
        const expected = {
          name: "spaces are fine",
          target,
          labels: { a: "1" },
          createdAt: new Date(1000),
          updatedAt: new Date(1000),
        };
        assert.deepEqual(created, expected);
        assert.deepEqual(await there.images.get("spaces are fine"), expected);
        time = 2000;
        const updated = await there.images.update({ name: "spaces are fine", target, labels: { c: "3" } });
        assert.deepEqual(updated, { ...expected, labels: { c: "3" }, updatedAt: new Date(2000) });
      }, { now: () => new Date(time) });
    });

    /** What containerd's store does with each, from one image `x` with the labels `a` and `b.c`. */
    const updates: readonly [string, Partial<ImageInput>, readonly string[], object | ErrorCode][] = [
      ["all", { labels: { z: "1" } }, [], { labels: { z: "1" }, annotations: undefined }],
      ["labels", { labels: { z: "1" } }, ["labels"], { labels: { z: "1" }, annotations: { n: "1", o: "2" } }],
      ["one label", { labels: { a: "9", "b.c": "9" } }, ["labels.a"], { labels: { a: "9", "b.c": "2" } }],
      ["a label with a dot", { labels: { "b.c": "9" } }, ["labels.b.c"], { labels: { a: "1", "b.c": "9" } }],
      ["a label away, as it is empty", { labels: { a: "" } }, ["labels.a"], { labels: { "b.c": "2" } }],
      ["a label away, as there is none", { labels: {} }, ["labels.a"], { labels: { "b.c": "2" } }],
      ["several", { labels: { a: "9" } }, ["labels.a", "labels.b.c"], { labels: { a: "9" } }],
      ["the name", {}, ["name"], "invalid-argument"],
      ["the time", {}, ["createdat"], "invalid-argument"],
      ["part of the target", {}, ["target.digest"], "invalid-argument"],
    ];
    for (const [what, change, paths, expected] of updates) {
      it(`change ${what}`, () =>
        inStore(async (there) => {
          const target = await ingestText(there, "one");
          const annotations = { n: "1", o: "2" };
          await there.images.create({
            name: "x",
            target: annotated(target, annotations),
            labels: { a: "1", "b.c": "2" },
          });
          const updating = there.images.update({ name: "x", target, ...change }, paths);
          if (typeof expected === "string") return await rejects(updating, expected);
          const { labels, target: { annotations: notes } } = await updating;
          assert.deepEqual({ labels, annotations: notes }, { labels, annotations, ...expected });
          assert.deepEqual((await there.images.get("x")).labels, labels);
        }));
    }

    it("change annotations and the target as a whole", () =>
      inStore(async (there) => {
        const [one, two] = [await ingestText(there, "one"), await ingestText(there, "two")];
        await there.images.create({ name: "x", target: annotated(one, { a: "1", b: "2" }) });
        const from = (target: Descriptor) => ({ name: "x", target });
        const first = await there.images.update(from(annotated(two, { a: "" })), ["annotations.a"]);
        assert.deepEqual(first.target, annotated(one, { b: "2" }));
        const second = await there.images.update(from(two), ["target"]);
        assert.deepEqual(second.target, two);
        const empty = { mediaType: "", digest: "" as Descriptor["digest"], size: 0 };
        await rejects(there.images.update(from(empty), ["target"]), ["invalid-argument", "invalid-digest"]);
      }));

    it("are refused when they are not what they must be", () =>
      inStore(async (there) => {
        const target = await ingestText(there, "one");
        await there.images.create({ name: "x", target });
        const refused: readonly [Partial<ImageInput>, ErrorCode][] = [
          [{}, "conflict"],
          [{ name: "" }, "invalid-argument"],
          [{ name: "y", target: { ...target, size: 0 } }, "invalid-argument"],
          [{ name: "y", target: { ...target, mediaType: "" } }, "invalid-argument"],
          [{ name: "y", target: { ...target, digest: "sha256:abc" } }, "invalid-digest"],
          [{ name: "y", target: { ...target, digest: "md5:abc" as "sha256:" } }, "unsupported"],
          [{ name: "y", target: { ...target, size: 99 } }, "size-mismatch"],
          [{ name: "y", target: { ...target, digest: `sha256:${"0".repeat(64)}` } }, "not-found"],
          [{ name: "y", labels: { ["k".repeat(96)]: "v".repeat(4001) } }, "invalid-argument"],
        ];
        for (const [change, code] of refused) {
          await rejects(there.images.create({ name: "x", target, ...change }), code);
        }
        assert.deepEqual((await collect(there.images.list())).map(({ name }) => name), ["x"]);
        await there.images.create({ name: "y", target, labels: { ["k".repeat(96)]: "v".repeat(4000) } });
      }));

    it("that are not there cannot be read, changed or deleted", () =>
      inStore(async (there) => {
        const target = await ingestText(there, "one");
        await rejects(there.images.get("x"), "not-found");
        await rejects(there.images.update({ name: "x", target }), "not-found");
        await rejects(there.images.delete("x"), "not-found");
        const other = await ingestText(there, "two");
        await there.images.create({ name: "x", target });
        await rejects(there.images.delete("x", { target: other }), "not-found");
        await there.images.get("x");
        await there.images.delete("x", { target });
        await rejects(there.images.get("x"), "not-found");
      }));

    it("are listed by their names' bytes and by filters", () =>
      inStore(async (there) => {
        const target = await ingestText(there, "one");
        for (const name of ["b", "a", "ä", "C"]) {
          await there.images.create({ name, target, labels: { first: name } });
        }
        const names = async (...filters: string[]) =>
          (await collect(there.images.list(filters))).map(({ name }) => name);
        assert.deepEqual(await names(), ["C", "a", "b", "ä"]);
        assert.deepEqual(await names("name~=[ab]"), ["a", "b"]);
        assert.deepEqual(await names("name==C", "labels.first==b"), ["C", "b"]);
        await rejects(names("name=C"), "invalid-argument");
      }));

    it("of one namespace are not another's", () =>
      inStore(async (there, { again }) => {
        await using other = again({ namespace: "other" });
        const target = await ingestText(there, "one");
        await there.images.create({ name: "x", target });
        await rejects(other.images.get("x"), "not-found");
        await rejects(other.content.info(target.digest), "not-found");
        // The bytes are shared: whoever knows their digest may have them.
        await other.images.create({ name: "y", target });
        assert.equal((await other.content.info(target.digest)).size, target.size);
        assert.deepEqual(await collect(there.namespaces()), ["default", "other"]);
        await there.images.delete("x");
        assert.deepEqual((await there.gc({ grace: 0 })).removed, []);
        await other.images.delete("y");
        assert.deepEqual((await there.gc({ grace: 0 })).removed, [target.digest]);
      }));

    it("tell what happens to them", () =>
      inStore(async (there) => {
        const target = await ingestText(there, "one");
        const abort = new AbortController();
        const events = there.events({ signal: abort.signal })[Symbol.asyncIterator]();
        const first = events.next();
        await there.images.create({ name: "x", target });
        await there.images.update({ name: "x", target });
        await there.images.delete("x");
        assert.equal((await first).value?.type, "image-created");
        assert.equal((await events.next()).value?.type, "image-updated");
        assert.deepEqual((await events.next()).value, {
          type: "image-deleted",
          namespace: "default",
          name: "x",
        });
        const last = events.next();
        abort.abort(new Error("enough"));
        await assert.rejects(last, /enough/);
      }));
  });
}
