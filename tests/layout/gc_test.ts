import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { streamOf, utf8 } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import { namesIn } from "../../src/disk/directory.ts";
import { BlobDirectory } from "../../src/disk/blob_directory.ts";
import { takeAway } from "../../src/disk/gc_sweep.ts";
import { layout } from "../../src/layout/mod.ts";
import { GantryDirectory } from "../../src/disk/gantry_directory.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { collect, contentOf, filesIn, inDirectory, putImage, putIndex, putText, start } from "./support.ts";

async function digestsIn(directory: string): Promise<Digest[]> {
  return (await filesIn(join(directory, "blobs"))).map((name) => name.replace("/", ":") as Digest);
}

function pathOf(directory: string, { digest }: { digest: Digest }): string {
  return join(directory, "blobs", ...digest.split(":"));
}

/** Makes files older than any grace. */
async function age(...paths: string[]): Promise<void> {
  for (const path of paths) await utimes(path, new Date(1e9), new Date(1e9));
}

async function ageBlobs(directory: string): Promise<void> {
  for (const name of await filesIn(join(directory, "blobs"))) await age(join(directory, "blobs", name));
}

describe("garbage of a layout", () => {
  it("is what index.json does not lead to", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const [a, b] = [await putImage(there, "a"), await putImage(there, "b")];
      const signature = await putImage(there, "signature", { subject: a });
      await putIndex(there, [await putIndex(there, [a])], { name: "index" });
      await putImage(there, "named", { name: "v1" });
      const kept = await digestsIn(directory);
      const garbage = [await putText(there, "garbage"), await putText(there, "more garbage")];
      await ageBlobs(directory);

      const collected = await there.gc();
      assert.deepEqual(collected.removed.sort(), garbage.map(({ digest }) => digest).sort());
      assert.equal(collected.bytes, "garbage".length + "more garbage".length);
      assert.deepEqual(await digestsIn(directory), kept);

      await there.delete(b, { role: "manifest" });
      await there.delete(signature, { role: "manifest" });
      await ageBlobs(directory);
      assert.equal((await there.gc()).removed.length, 4);
      assert.deepEqual(await there.gc(), { removed: [], bytes: 0 });
    }));

  it("is left alone while it is young", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const [young, old] = [await putText(there, "young"), await putText(there, "old")];
      const past = new Date(Date.now() - 100_000);
      await utimes(pathOf(directory, old), past, past);
      assert.deepEqual((await there.gc()).removed, []);
      assert.deepEqual((await there.gc({ grace: 50 })).removed, [old.digest]);
      assert.deepEqual((await there.gc({ grace: 0 })).removed, [young.digest]);
    }));

  it("is young again when somebody finds it and builds upon it", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      await putText(there, "found again");
      await ageBlobs(directory);
      assert.equal((await there.write(await contentOf(utf8("found again")))).how, "present");
      assert.deepEqual((await there.gc()).removed, []);
    }));

  it("holds nothing that a known kind of document names, nor an unknown one", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const [blob, layer, legacy] = [
        await putText(there, "1"),
        await putText(there, "2"),
        await putText(there, "3"),
      ];
      const documents: [string, object][] = [
        ["application/vnd.oci.artifact.manifest.v1+json", { blobs: [blob] }],
        ["application/vnd.later+json", { parts: { deep: [layer] } }],
        [mediaTypes.dockerSchema1, { schemaVersion: 1, fsLayers: [{ blobSum: legacy.digest }] }],
      ];
      const entries: Descriptor[] = [];
      for (const [mediaType, document] of documents) {
        entries.push({ ...await putText(there, JSON.stringify(document)), mediaType });
      }
      const opaque = { ...await putText(there, "no JSON at all"), mediaType: "application/x-opaque" };
      const cache = await contentOf(
        utf8(JSON.stringify({
          schemaVersion: 2,
          manifests: [
            { ...await putText(there, "a cached layer"), mediaType: mediaTypes.ociLayerGzip },
            { mediaType: mediaTypes.ociManifest, digest: `sha256:${"0".repeat(64)}`, size: 1 },
          ],
        })),
        mediaTypes.ociIndex,
      );
      await there.write(cache, { role: "manifest", name: "buildcache" });
      const index = JSON.parse(await readFile(join(directory, "index.json"), "utf8"));
      index.manifests.push(...entries, opaque);
      await writeFile(join(directory, "index.json"), JSON.stringify(index));
      await ageBlobs(directory);
      assert.deepEqual((await there.gc()).removed, []);
    }));

  it("stays, all of it, when a manifest cannot be trusted", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      await putText(there, "garbage");
      const image = await putImage(there, "image", { name: "v1" });
      const index = await putIndex(there, [image], { name: "index" });
      const good = await readFile(pathOf(directory, image));
      const files = await digestsIn(directory);
      for (
        const [bad, code] of [["x".repeat(image.size), "digest-mismatch"], ["", "digest-mismatch"]] as const
      ) {
        await writeFile(pathOf(directory, image), bad);
        await ageBlobs(directory);
        await assert.rejects(there.gc(), (error) => GantryError.is(error, code));
        assert.deepEqual(await digestsIn(directory), files);
      }
      const nonsense = { ...await putText(there, "{"), mediaType: mediaTypes.ociManifest };
      await writeFile(pathOf(directory, image), good);
      const listing = await readFile(join(directory, "index.json"), "utf8");
      await writeFile(
        join(directory, "index.json"),
        listing.replace('"manifests":[', `$&${JSON.stringify(nonsense)},`),
      );
      await ageBlobs(directory);
      await assert.rejects(there.gc(), (error) => GantryError.is(error, "invalid-document"));
      await there.delete(nonsense, { role: "manifest" });

      await rm(pathOf(directory, image));
      await ageBlobs(directory);
      const { removed } = await there.gc();
      assert.equal(removed.length, 3, "what only a missing manifest names is garbage");
      assert.equal((await there.resolve("index")).descriptor.digest, index.digest);
    }));

  it("is not what the processes write that are alive, however old it is", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const lease = await there.lease();
      const found = await putText(there, "found");
      const image = await putImage(there, "written");
      await ageBlobs(directory);
      assert.deepEqual((await layout(directory).gc({ grace: 0 })).removed, []);
      await lease[Symbol.asyncDispose]();
      assert.deepEqual((await layout(directory).gc()).removed, [found.digest]);
      assert.equal((await there.resolve(image.digest)).descriptor.digest, image.digest);
      assert.deepEqual(await namesIn(join(directory, ".gantry", "leases")), []);
    }));

  it("is what a killed process had a lease on", () =>
    inDirectory(async (directory) => {
      const child = start("./lease_child.ts", directory);
      await child.lines(1);
      await ageBlobs(directory);
      assert.deepEqual((await layout(directory).gc()).removed, []);
      await child.kill();
      assert.equal((await layout(directory).gc()).removed.length, 3);
      assert.deepEqual(await namesIn(join(directory, ".gantry", "leases")), []);
      assert.deepEqual(await collect(layout(directory).roots()), []);
    }));

  it("is also what was left of writes that never ended", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      for (const session of ["old", "young"]) {
        const ingest = await there.ingest(session);
        await ingest.append(streamOf(utf8("part")), 0);
        await ingest.close();
      }
      const held = await there.ingest("held");
      const state = join(directory, ".gantry");
      await writeFile(join(state, "tmp", "left"), "");
      await writeFile(join(state, "tmp", "fresh"), "");
      await mkdir(join(state, "ingest", "empty"));
      await age(
        join(state, "tmp", "left"),
        ...["old", "held"].map((name) => join(state, "ingest", name, "data")),
      );
      await age(join(state, "ingest", "empty"));
      await there.gc();
      assert.deepEqual(await filesIn(join(state, "ingest")), [
        "held/data",
        "held/lock.1",
        "young/data",
      ]);
      assert.deepEqual(await readdir(join(state, "tmp")), ["fresh"]);
      await held.abort();
    }));

  it("is collected with the room that was kept for it", () =>
    inDirectory(async (directory) => {
      const reserve = join(directory, ".gantry", "reserve");
      const there = layout(directory);
      const ingest = await there.ingest("to-be-continued");
      await ingest.append(streamOf(utf8("part")), 0);
      await ingest.close();
      const { size } = await stat(reserve);
      assert.ok(size >= 8192);
      await rm(reserve);
      await there.gc();
      assert.equal((await stat(reserve)).size, size);
      await (await there.ingest("to-be-continued")).abort();
      assert.deepEqual((await readdir(directory)).sort(), ["blobs", "index.json", "oci-layout"]);
    }));

  it("is put back that a killed collection had taken away", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const image = await putImage(there, "image", { name: "v1" });
      const trash = join(directory, ".gantry", "trash");
      await mkdir(trash, { recursive: true });
      await rename(pathOf(directory, image), join(trash, image.digest.replace(":", "-")));
      await writeFile(join(trash, "something else"), "");
      await there.gc();
      assert.equal((await there.resolve("v1")).descriptor.digest, image.digest);
    }));

  it("is not what is claimed in the moment of its removal", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const blobs = new BlobDirectory(
        join(directory, "blobs"),
        new GantryDirectory(join(directory, ".gantry")),
      );
      const texts = Array.from({ length: 40 }, (_, n) => `blob ${n}`);
      for (const text of texts) await putText(there, text);
      for (let round = 0; round < 6; round++) {
        const lease = round % 2 === 0 ? await blobs.leases.take() : undefined;
        await ageBlobs(directory);
        const collecting = layout(directory).gc();
        const claimed: Digest[] = [];
        for (const text of texts) {
          const { digest, size } = await contentOf(utf8(text));
          if (await blobs.claim({ digest: digest!, size: size! }) !== undefined) claimed.push(digest!);
        }
        const { removed } = await collecting;
        assert.deepEqual(removed.filter((digest) => claimed.includes(digest)), []);
        const left = await digestsIn(directory);
        for (const digest of claimed) assert.ok(left.includes(digest));
        await lease?.[Symbol.asyncDispose]();
        for (const text of texts) await putText(there, text);
      }
    }));

  it("is not what is under a lease by then, and is put back", () =>
    inDirectory(async (directory) => {
      const blobs = new BlobDirectory(
        join(directory, "blobs"),
        new GantryDirectory(join(directory, ".gantry")),
      );
      const [noted, free] = [
        await putText(layout(directory), "noted"),
        await putText(layout(directory), "free"),
      ];
      await ageBlobs(directory);
      const lease = await blobs.leases.take();
      await blobs.leases.note(noted.digest);
      assert.equal(await takeAway(noted.digest, blobs, Date.now()), false);
      assert.equal(await takeAway(free.digest, blobs, Date.now()), true);
      assert.deepEqual(await digestsIn(directory), [noted.digest]);
      await lease[Symbol.asyncDispose]();
    }));

  it("waits while somebody names it", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const image = await putImage(there, "unnamed for now");
      await writeFile(join(directory, "index.json"), '{"schemaVersion":2,"manifests":[]}');
      await ageBlobs(directory);
      const [tagged, collected] = await Promise.allSettled([there.tag("v1", image), layout(directory).gc()]);
      assert.equal(collected.status, "fulfilled");
      if (tagged.status === "fulfilled") {
        assert.equal((await there.resolve("v1")).descriptor.digest, image.digest);
      } else {
        assert.ok(GantryError.is(tagged.reason, "not-found"));
        assert.deepEqual(await collect(there.names()), []);
      }
    }));

  it("is not collected where others may need it", () =>
    inDirectory(async (directory) => {
      const there = layout(join(directory, "one"), { blobs: join(directory, "blobs") });
      await putText(there, "garbage");
      await ageBlobs(directory);
      await assert.rejects(there.gc({ grace: 0 }), (error) => GantryError.is(error, "unsupported"));
      assert.equal((await digestsIn(directory)).length, 1);
    }));
});

describe("garbage without names", () => {
  it("is what nothing with a name leads or refers to", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const old = await putImage(there, "old", { name: "latest" });
      const oldSignature = await putImage(there, "old signature", { subject: old });
      const image = await putImage(there, "new", { name: "latest" });
      const signature = await putImage(there, "signature", { subject: image });
      const countersigned = await putImage(there, "countersigned", { subject: signature });
      await ageBlobs(directory);
      const young = await putImage(there, "young");
      await there.gc();
      assert.equal((await collect(there.roots())).length, 6);

      const { removed } = await there.gc({ untagged: true });
      for (const { digest } of [old, oldSignature]) assert.ok(removed.includes(digest));
      assert.equal(removed.length, 6);
      assert.deepEqual(
        (await collect(there.roots())).map(({ digest }) => digest),
        [image, signature, countersigned, young].map(({ digest }) => digest),
      );
    }));
});
