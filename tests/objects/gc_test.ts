import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { streamOf } from "../../src/bytes.ts";
import { readVerified } from "../../src/content/read.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { putImage, putText } from "../layout/support.ts";
import type { SimulatedBucket } from "./simulated_bucket.ts";
import { checkWhole, grace, raceCollection, simulated, usualExpiry as expiry } from "./gc_race.ts";

/** Holds up the next put below a key until something else has been done. */
function hold(bucket: SimulatedBucket, prefix: string, until: () => Promise<void>): void {
  const put = bucket.put;
  bucket.put = async (key, ...rest) => {
    if (!key.startsWith(prefix)) return await put.call(bucket, key, ...rest);
    bucket.put = put;
    await until();
    return await put.call(bucket, key, ...rest);
  };
}

async function digested(text: string): Promise<{ digest: Digest; size: number }> {
  const bytes = new TextEncoder().encode(text);
  return { digest: await digestBytes(bytes), size: bytes.byteLength };
}

describe("garbage collection in a bucket", () => {
  it("removes what no manifest names, and leaves nothing of it", () =>
    simulated(1, async (open, bucket) => {
      const kept = await putImage(open()("a/b"), "kept", { name: "v1" });
      const gone = await putImage(open()("a"), "gone", { name: "v1" });
      await putText(open()("c"), "a blob alone");
      await open()("a").delete(gone, { role: "manifest" });
      bucket.time += 2 * grace * 1000;
      const dry = await open().gc({ dryRun: true });
      assert.deepEqual({ ...dry, bytes: 0 }, { blobs: 3, links: 3, uploads: 0, bytes: 0 });
      assert.deepEqual(await open().gc(), dry);
      await checkWhole(open()("a/b"), kept.digest);
      await rejects(open()("a").resolve(gone.digest), "not-found");
      assert.deepEqual(await open().gc(), { blobs: 0, links: 0, uploads: 0, bytes: 0 });
      bucket.time += 2 * grace * 1000;
      await open().gc();
      await open()("a/b").delete(kept, { role: "manifest" });
      for (let runs = 0; runs < 3; runs++) {
        bucket.time += 2 * grace * 1000;
        await open().gc();
      }
      assert.deepEqual([...bucket.objects.keys()], []);
    }));

  it("leaves alone what others have put between, and so do lists", () =>
    simulated(8, async (open, bucket) => {
      const there = open()("a");
      const image = await putImage(there, "kept", { name: "v1" });
      await putText(there, "a blob alone");
      const session = ".begins/with a=dot";
      const ingest = await there.ingest(session);
      await ingest.append(streamOf(new Uint8Array(10)), 0);
      await ingest.close();
      // What a server lists while it puts an object, or since it was killed then; of folders; and of anybody.
      for (const key of [...bucket.objects.keys()]) {
        const folder = key.slice(0, key.lastIndexOf("/") + 1);
        const strays = [`${folder}.${key.slice(folder.length)}.sgwtmp.1795966923503104026`, folder];
        for (const stray of [...strays, `${folder}any=thing else`]) {
          await bucket.put(stray, new TextEncoder().encode('{"schemaVersion":'));
        }
      }
      const strays = bucket.objects.size * 2 / 3;
      assert.deepEqual(await Array.fromAsync(there.names()), ["v1"]);
      assert.deepEqual(await Array.fromAsync(there.ingests(), ({ session }) => session), [session]);
      assert.deepEqual(await Array.fromAsync(open().repositories()), ["a"]);
      bucket.time += 2 * Math.max(grace, expiry) * 1000;
      const { blobs, links, uploads } = await open().gc();
      assert.deepEqual({ blobs, links, uploads }, { blobs: 1, links: 1, uploads: 1 });
      await checkWhole(there, image.digest);
      await there.delete(image, { role: "manifest" });
      for (let runs = 0; runs < 3; runs++) {
        bucket.time += 2 * grace * 1000;
        await open().gc();
      }
      assert.equal(bucket.objects.size, strays);
    }));

  it("spares what is young", () =>
    simulated(2, async (open, bucket) => {
      const blob = await putText(open()("a"), "young");
      bucket.time += 0.9 * grace * 1000;
      assert.equal((await open().gc()).blobs, 0);
      await open()("a").resolve(blob.digest, { role: "blob" });
    }));

  it("takes what was condemned for gone, and lets it be written anew", () =>
    simulated(3, async (open, bucket) => {
      const blob = await putText(open()("a"), "again");
      bucket.time += 2 * grace * 1000;
      assert.equal((await open().gc()).blobs, 1);
      await rejects(open()("a").resolve(blob.digest, { role: "blob" }), "not-found");
      await putImage(open()("a"), "again");
      const written = await open()("a").write({
        mediaType: "text/plain",
        digest: blob.digest,
        size: blob.size,
        replayable: true,
        open: () => Promise.resolve(streamOf(new TextEncoder().encode("again"))),
      });
      assert.equal(written.how, "written");
      await open()("a").resolve(blob.digest, { role: "blob" });
    }));

  for (const prefix of ["repositories/", "blobs/"]) {
    it(`spares what is put anew below ${prefix} as it is removed, where the bucket does not compare`, () =>
      simulated(7, async (open, bucket) => {
        const blob = await putText(open()("a"), "again");
        for (const condemned of [1, 0]) {
          bucket.time += 2 * grace * 1000;
          if (condemned) assert.equal((await open().gc()).blobs, condemned);
        }
        let writing: Promise<unknown> | undefined;
        const remove = bucket.delete;
        bucket.delete = async (key, options) => {
          if (key.startsWith(prefix) && !writing) {
            writing = putText(open()("a"), "again");
            await bucket.sleep(2000);
          }
          await remove.call(bucket, key, options);
        };
        await open().gc();
        await writing;
        await (await readVerified(open()("a"), blob, { role: "blob" })).pipeTo(new WritableStream());
        assert.ok(bucket.objects.has(`blobs/${blob.digest.replace(":", "/")}`));
      }, { compares: false }));
  }

  it("gives up uploads that nobody goes on with, and no blob that was made of one", () =>
    simulated(4, async (open, bucket) => {
      const begun = await open()("a").ingest("begun");
      await begun.append(streamOf(randomBytes(3500)), 0);
      await begun.close();
      const committed = await open()("a").ingest("committed");
      await committed.append(streamOf(randomBytes(3500)), 0);
      await committed.close();
      // Killed before it could remove the session.
      const session = [...bucket.objects].find(([key]) => key.endsWith("/committed"))!;
      const blob = await (await open()("a").ingest("committed")).commit();
      bucket.objects.set(...session);
      bucket.time += 0.9 * expiry * 1000;
      assert.equal((await open().gc({ grace: 1e6 })).uploads, 0);
      bucket.time += 0.2 * expiry * 1000;
      assert.equal((await open().gc({ grace: 1e6 })).uploads, 2);
      await rejects(open()("a").ingest("begun", { create: false }), "not-found");
      await (await readVerified(open()("a"), blob, { role: "blob" })).pipeTo(new WritableStream());
      assert.deepEqual([...bucket.objects.keys()].filter((key) => key.startsWith("uploads/")), []);
    }));

  for (const removed of [false, true]) {
    const when = removed ? "while it was ended again" : "after the answer to the first time was lost";
    it(`ends no upload twice whose blob was collected ${when}`, () =>
      simulated(8, async (open, bucket) => {
        const bytes = randomBytes(500);
        const begin = async (session: string) => {
          const ingest = await open()("a").ingest(session);
          await ingest.append(streamOf(bytes), ingest.offset);
          return ingest;
        };
        await (await begin("upload")).close();
        const session = [...bucket.objects].find(([key]) => key.endsWith("/upload"))!;
        const blob = await (await open()("a").ingest("upload")).commit();
        bucket.objects.set(...session); // it was killed before it could remove it
        bucket.time += 2 * grace * 1000;
        assert.equal((await open().gc()).blobs, 1);
        const again = await open()("a").ingest("upload", { create: false });
        if (removed) {
          bucket.time += 2 * grace * 1000;
          hold(bucket, "blobs/", async () => void await open().gc());
        }
        await rejects(again.commit(), "unavailable", /it has to be written again/);
        await rejects(open()("a").ingest("upload", { create: false }), "not-found");
        await (await begin("another")).commit();
        await (await readVerified(open()("a"), blob, { role: "blob" })).pipeTo(new WritableStream());
      }));
  }

  it("removes what a killed upload made, also when others brought the same blob meanwhile", () =>
    simulated(6, async (open, bucket) => {
      const bytes = randomBytes(3500);
      const write = async (repository: string) => {
        const ingest = await open()(repository).ingest("upload");
        if (ingest.offset === 0) await ingest.append(streamOf(bytes), 0);
        await ingest.close();
        return await open()(repository).ingest("upload");
      };
      const put = bucket.put.bind(bucket);
      for (const repository of ["ended", "given-up"]) {
        const killed = await write(repository);
        bucket.put = (key, ...rest) =>
          key.startsWith("blobs/") ? Promise.reject(new Error("killed")) : put(key, ...rest);
        await assert.rejects(killed.commit(), /killed/);
        bucket.put = put;
      }
      const blob = await (await write("other")).commit();
      assert.equal((await (await write("ended")).commit()).digest, blob.digest);
      await (await write("given-up")).abort();
      await rejects(open()("ended").ingest("upload", { create: false }), "not-found");
      await rejects(open()("given-up").ingest("upload", { create: false }), "not-found");
      bucket.time += 1.1 * expiry * 1000;
      await open().gc({ grace: 1e6 });
      const left = [...bucket.objects.keys()].filter((key) => /^(?:data|uploads)\//.test(key));
      assert.equal(left.length, 1, left.join());
      await (await readVerified(open()("ended"), blob, { role: "blob" })).pipeTo(new WritableStream());
    }));

  it("was killed before it removed bytes, and who writes the blob anew removes them", () =>
    simulated(7, async (open, bucket) => {
      await putText(open()("a"), "again");
      bucket.time += 2 * grace * 1000;
      const remove = bucket.delete.bind(bucket);
      bucket.delete = () => Promise.reject(new Error("killed"));
      await assert.rejects(open().gc(), /killed/);
      bucket.delete = remove;
      const data = () => [...bucket.objects.keys()].filter((key) => key.startsWith("data/")).length;
      assert.equal(data(), 1);
      await putText(open()("a"), "again");
      assert.equal(data(), 1);
    }));

  it("runs while a writer is held up before the link to a blob of others, who then brings it", () =>
    simulated(8, async (open, bucket) => {
      await putText(open()("a"), "old");
      bucket.time += 2 * grace * 1000;
      hold(bucket, "repositories/b/_blobs", async () => {
        bucket.time += 2 * grace * 1000;
        assert.equal((await open().gc()).blobs, 1);
      });
      const blob = await putText(open()("b"), "old");
      await (await readVerified(open()("b"), blob, { role: "blob" })).pipeTo(new WritableStream());
    }));

  it("runs while a writer is held up, who is then killed: no manifest is taken for what it left", () =>
    simulated(9, async (open, bucket) => {
      for (const text of ['{"note":"old"}', "layer of old"]) await putText(open()("a"), text);
      bucket.time += 2 * grace * 1000;
      hold(bucket, "repositories/b/_blobs", async () => {
        bucket.time += 2 * grace * 1000;
        assert.equal((await open().gc()).blobs, 2);
        bucket.get = () => Promise.reject(new Error("killed"));
      });
      const get = bucket.get;
      await assert.rejects(putText(open()("b"), "layer of old"), /killed/);
      bucket.get = get;
      // Another client looks for the layer, finds it, and does not push it.
      const target = open()("b");
      const write = target.write.bind(target);
      target.write = async (content, options) => {
        if (content.digest !== layer.digest) return await write(content, options);
        await target.resolve(content.digest!, { role: "blob" });
        return { descriptor: layer, how: "present" };
      };
      const layer = { mediaType: "text/plain", ...await digested("layer of old") };
      await rejects(putImage(target, "old"), "not-found", /it has to be written again/);
      const image = await putImage(open()("b"), "old");
      await checkWhole(open()("b"), image.digest);
    }));

  it("takes an upload for given up whose writer is held up, and is told", () =>
    simulated(10, async (open, bucket) => {
      const ingest = await open()("a").ingest("upload");
      await ingest.append(streamOf(randomBytes(3500)), 0);
      hold(bucket, "blobs/", async () => {
        bucket.time += 2 * expiry * 1000;
        assert.equal((await open().gc({ grace: 1e6 })).uploads, 1);
      });
      await rejects(ingest.commit(), "unavailable", /it has to be written again/);
      const again = await open()("a").ingest("again");
      await again.append(streamOf(randomBytes(3500)), 0);
      const blob = await again.commit();
      await (await readVerified(open()("a"), blob, { role: "blob" })).pipeTo(new WritableStream());
    }));

  it("stops and goes on, in another process", () =>
    simulated(5, async (open, bucket) => {
      for (let n = 0; n < 12; n++) await putImage(open()(`repository-${n}`), `image ${n}`);
      for (let n = 0; n < 12; n++) await putText(open()("blobs"), `blob ${n}`);
      bucket.time += 2 * grace * 1000;
      let blobs = 0, runs = 0;
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const collected = await open().gc({ limit: 20, cursor });
        blobs += collected.blobs;
        runs++;
        cursor = collected.cursor;
      }
      assert.equal(blobs, 12);
      assert.ok(runs > 5, `${runs} runs`);
      assert.deepEqual([...bucket.objects.keys()].filter((key) => key.startsWith("collections/")), []);
      await rejects(open().gc({ cursor: "nonsense" }), "invalid-name");
    }));

  it("loses nothing of those who write at the same time, in whatever order requests arrive", async () => {
    const { pushed, collected } = await raceCollection({ count: 2, seed: 100 });
    assert.ok(pushed > 20 && collected > 10, `${pushed} pushed, ${collected} collected`);
  });
});
