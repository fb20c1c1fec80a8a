import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { layout } from "../../src/layout/mod.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { collect, inDirectory, putImage, putIndex, putText } from "./support.ts";

const refName = "org.opencontainers.image.ref.name";
const fullName = "io.containerd.image.name";

async function entriesIn(directory: string): Promise<Descriptor[]> {
  return JSON.parse(await readFile(join(directory, "index.json"), "utf8")).manifests;
}

async function setEntries(directory: string, entries: readonly object[]): Promise<void> {
  await writeFile(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: entries }));
}

/** The short of an entry: which manifest, and its name. */
function short(entries: readonly Descriptor[], names: Record<string, Descriptor>): string[] {
  return entries.map(({ digest, annotations }) => {
    const [which] = Object.entries(names).find(([, descriptor]) => descriptor.digest === digest) ?? ["?"];
    return `${which} ${annotations?.[refName] ?? "-"}`;
  });
}

const isNotFound = (error: unknown) => GantryError.is(error, "not-found");

describe("index.json", () => {
  it("begins with an empty list", () =>
    inDirectory(async (directory) => {
      await putText(layout(directory), "blob");
      assert.equal(
        await readFile(join(directory, "index.json"), "utf8"),
        `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[]}`,
      );
    }));

  it("keeps what we do not know, in its order, and numbers that are too large", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const old = await putImage(there, "old", { name: "old" });
      const entry = `{"digest":"${old.digest}","x-later":12345678901234567890,"size":${old.size},` +
        `"mediaType":"${old.mediaType}","annotations":{"9":"nine","1":"one","${refName}":"old"}}`;
      const text = (manifests: string) =>
        `{"manifests":[${manifests}],"x-new":{"b":1e400,"a":[]},"annotations":{"z":"1"},"schemaVersion":2}`;
      await writeFile(join(directory, "index.json"), text(entry));
      const added = await putImage(there, "added", { name: "added" });
      const more = `{"mediaType":"${added.mediaType}","digest":"${added.digest}","size":${added.size},` +
        `"annotations":{"${refName}":"added"}}`;
      assert.equal(await readFile(join(directory, "index.json"), "utf8"), text(`${entry},${more}`));
      await there.untag("old");
      const unnamed = entry.replace(`,"${refName}":"old"`, "");
      assert.equal(await readFile(join(directory, "index.json"), "utf8"), text(`${unnamed},${more}`));
    }));

  it("is not written when nothing changes", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const image = await putImage(there, "one", { name: "v1" });
      const pretty = JSON.stringify(
        JSON.parse(await readFile(join(directory, "index.json"), "utf8")),
        null,
        3,
      );
      await writeFile(join(directory, "index.json"), pretty);
      await putImage(there, "one", { name: "v1" });
      await putImage(there, "one");
      await there.tag("v1", image);
      assert.equal(await readFile(join(directory, "index.json"), "utf8"), pretty);
    }));
});

describe("names", () => {
  it("are matched exactly, by containerd's full name too, but by the short one first", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const [a, b] = [await putImage(there, "a"), await putImage(there, "b")];
      await setEntries(directory, [
        { ...a, annotations: { [refName]: "v1", [fullName]: "docker.io/library/app:v1" } },
        { ...b, annotations: { [refName]: "docker.io/library/app:v1" } },
        { ...b, annotations: { [fullName]: "docker.io/library/app:v2" } },
      ]);
      assert.equal((await there.resolve("v1")).descriptor.digest, a.digest);
      assert.equal((await there.resolve("docker.io/library/app:v1")).descriptor.digest, b.digest);
      assert.equal((await there.resolve("docker.io/library/app:v2")).descriptor.digest, b.digest);
      await assert.rejects(there.resolve("V1"), isNotFound);
      await assert.rejects(there.resolve("app:v1"), isNotFound);
      assert.deepEqual(await collect(there.names()), [
        "docker.io/library/app:v1",
        "docker.io/library/app:v2",
        "v1",
      ]);
    }));

  it("that several entries have mean the first manifest", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const [a, b] = [await putImage(there, "a"), await putImage(there, "b")];
      const blob = await putText(there, "no manifest");
      await setEntries(directory, [blob, a, b].map((one) => ({ ...one, annotations: { [refName]: "v1" } })));
      assert.equal((await there.resolve("v1")).descriptor.digest, a.digest);
      assert.deepEqual(await collect(there.names()), ["v1"]);
      assert.equal((await collect(there.roots())).length, 3);
      await there.tag("v1", b);
      assert.deepEqual(short(await entriesIn(directory), { a, b, blob }), ["blob -", "a -", "b v1"]);
    }));

  it("may be anything when they are read, but not when they are given", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const one = await putImage(there, "one");
      await setEntries(directory, [{ ...one, annotations: { [refName]: "an odd näme" } }]);
      assert.equal((await there.resolve("an odd näme")).descriptor.digest, one.digest);
      for (const name of ["", "a b", "näme", "-v1", one.digest, "x".repeat(256), "a\nb"]) {
        await assert.rejects(there.tag(name, one), (error) => GantryError.is(error, "invalid-name"), name);
        await assert.rejects(
          putImage(there, "one", { name }),
          (error) => GantryError.is(error, "invalid-name"),
        );
      }
      for (const name of ["v1", "_x", "ghcr.io/acme/app:v1", "a@b+c"]) await there.tag(name, one);
    }));

  it("that move leave the old manifest without a name", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const a = await putImage(there, "a", { name: "latest" });
      const b = await putImage(there, "b", { name: "latest" });
      assert.deepEqual(short(await entriesIn(directory), { a, b }), ["a -", "b latest"]);
      await there.tag("latest", a);
      assert.deepEqual(short(await entriesIn(directory), { a, b }), ["a latest", "b -"]);
      await there.tag("v1", a);
      await there.tag("latest", b);
      assert.deepEqual(short(await entriesIn(directory), { a, b }), ["b latest", "a v1"]);
    }));

  it("that are taken away leave the manifest listed once", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const a = await putImage(there, "a", { name: "one" });
      await there.tag("two", a);
      await there.untag("one");
      assert.deepEqual(short(await entriesIn(directory), { a }), ["a two"]);
      await there.untag("two");
      assert.deepEqual(short(await entriesIn(directory), { a }), ["a -"]);
      assert.equal((await entriesIn(directory))[0]!.annotations, undefined);
    }));

  it("bring along notes, but no name from elsewhere", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const one = await putImage(there, "one");
      const annotations = { [refName]: "v1", [fullName]: "docker.io/library/app:v1", note: "kept" };
      await there.tag("v1", { ...one, annotations });
      assert.deepEqual((await there.resolve("v1")).descriptor.annotations, annotations);
      await there.tag("v2", { ...one, annotations });
      assert.deepEqual((await there.resolve("v2")).descriptor.annotations, { [refName]: "v2", note: "kept" });
    }));

  it("of manifests that are not there are told apart from names that are not there", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const one = await putImage(there, "one", { name: "v1" });
      await rm(join(directory, "blobs", "sha256", one.digest.slice(7)));
      await assert.rejects(
        there.resolve("v1"),
        (error) => isNotFound(error) && String(error).includes(one.digest),
      );
      await assert.rejects(
        there.resolve("v2"),
        (error) => isNotFound(error) && String(error).includes("no such name"),
      );
      await there.untag("v1");
    }));

  it("are not given to a manifest in another size", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const one = await putImage(there, "one");
      await assert.rejects(
        there.tag("v1", { ...one, size: one.size + 1 }),
        (error) => GantryError.is(error, "size-mismatch"),
      );
      assert.deepEqual(await collect(there.names()), []);
    }));
});

describe("manifests without a name", () => {
  it("are listed, until an index that is listed leads to them", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const [a, b] = [await putImage(there, "a"), await putImage(there, "b")];
      assert.deepEqual(short(await entriesIn(directory), { a, b }), ["a -", "b -"]);
      const inner = await putIndex(there, [a]);
      assert.deepEqual(short(await entriesIn(directory), { a, b, inner }), ["b -", "inner -"]);
      const outer = await putIndex(there, [inner, b], { name: "all" });
      const names = { a, b, inner, outer };
      assert.deepEqual(short(await entriesIn(directory), names), ["outer all"]);
      await putImage(there, "a");
      assert.deepEqual(short(await entriesIn(directory), names), ["outer all"]);
      for (const one of [a, b, inner]) {
        assert.equal((await there.resolve(one.digest)).descriptor.mediaType, one.mediaType);
      }
    }));

  it("keep their place when they have a name as well", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const a = await putImage(there, "a", { name: "a" });
      const index = await putIndex(there, [a], { name: "index" });
      assert.deepEqual(short(await entriesIn(directory), { a, index }), ["a a", "index index"]);
    }));

  it("are listed at the end of a lease, without those that an index leads to", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const lease = await there.lease();
      const [a, b] = [await putImage(there, "a"), await putImage(there, "b")];
      const inner = await putIndex(there, [a]);
      const index = await putIndex(there, [inner], { name: "index" });
      const names = { a, b, inner, index };
      assert.deepEqual(short(await entriesIn(directory), names), ["index index"]);
      assert.equal((await there.resolve(b.digest)).descriptor.digest, b.digest);
      await lease[Symbol.asyncDispose]();
      await lease[Symbol.asyncDispose]();
      assert.deepEqual(short(await entriesIn(directory), names), ["index index", "b -"]);
    }));

  it("are gone when they were deleted before the end of a lease", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const lease = await there.lease();
      const a = await putImage(there, "a");
      await there.delete(a, { role: "manifest" });
      await lease[Symbol.asyncDispose]();
      assert.deepEqual(await entriesIn(directory), []);
    }));
});

describe("manifests and blobs", () => {
  it("are kept apart, though both are files in one place", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const image = await putImage(there, "image");
      const blob = await putText(there, "a layer");
      for (const role of [undefined, "manifest"] as const) {
        await assert.rejects(there.resolve(blob.digest, { role }), isNotFound);
      }
      await assert.rejects(there.tag("v1", blob), isNotFound);
      await assert.rejects(there.delete(blob, { role: "manifest" }), isNotFound);
      await assert.rejects(
        there.delete(image, { role: "blob" }),
        (error) => GantryError.is(error, "conflict"),
      );
      assert.equal((await there.resolve(image.digest, { role: "blob" })).descriptor.size, image.size);
      await there.delete({ digest: image.digest });
      await there.delete({ digest: blob.digest });
      await assert.rejects(there.resolve(image.digest), isNotFound);
      await assert.rejects(there.resolve(blob.digest, { role: "blob" }), isNotFound);
    }));

  it("that break the rules are found, to be refused by those who read them", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const text = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","layers":[]}`;
      const { digest } = await putText(there, text);
      assert.equal((await there.resolve(digest)).descriptor.mediaType, mediaTypes.ociManifest);
      const { digest: other } = await putText(there, '{"mediaType":"application/x-other"}');
      await assert.rejects(there.resolve(other), isNotFound);
    }));
});

describe("referrers", () => {
  it("are found on top and in indexes, once, with what their manifest says", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const subject = await putImage(there, "subject", { name: "v1" });
      const signature = await putImage(there, "signature", { subject, artifactType: "application/x-sig" });
      const sbom = await putImage(there, "sbom", { subject });
      const fallback = subject.digest.replace(":", "-");
      await putIndex(there, [{ ...signature, artifactType: "application/x-lie" }], { name: fallback });
      await there.tag("signature", signature);
      const index = await putIndex(there, [], { subject });
      const found = await collect(there.referrers(subject));
      assert.deepEqual(
        found.map(({ digest, artifactType }) => [digest, artifactType]).sort(),
        [
          [signature.digest, "application/x-sig"],
          [sbom.digest, mediaTypes.ociConfig],
          [index.digest, undefined],
        ].sort(),
      );
      const filtered = await collect(there.referrers(subject, { artifactType: "application/x-sig" }));
      assert.deepEqual(filtered.map(({ digest }) => digest), [signature.digest]);
      assert.deepEqual(await collect(there.referrers(signature)), []);
    }));

  it("that are broken or missing are left out", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const subject = await putImage(there, "subject");
      const [a, b, c] = await Promise.all(["a", "b", "c"].map((note) => putImage(there, note, { subject })));
      await rm(join(directory, "blobs", "sha256", a!.digest.slice(7)));
      await writeFile(join(directory, "blobs", "sha256", b!.digest.slice(7)), "x".repeat(b!.size));
      const found = await collect(layout(directory).referrers(subject));
      assert.deepEqual(found.map(({ digest }) => digest), [c!.digest]);
    }));
});
