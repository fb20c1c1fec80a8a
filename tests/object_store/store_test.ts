import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, streamOf, utf8 } from "../../src/bytes.ts";
import { directory } from "../../src/objects/directory.ts";
import { objectStore } from "../../src/object_store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { everything } from "../objects/bucket_suite.ts";
import { SimulatedBucket } from "../objects/simulated_bucket.ts";
import { collect, inDirectory, ingestText, putBlob, putImage } from "../store/support.ts";
import { testStore } from "../store/suite/mod.ts";
import { storesIn } from "./support.ts";

testStore(
  "a store in a bucket",
  storesIn(() => Promise.resolve(new SimulatedBucket(1, { immediate: true }))),
);

describe("a store in a directory as a bucket", () => {
  it("cannot be under any prefix", () => {
    assert.throws(() => objectStore({ bucket: directory("x"), prefix: "a//b" }), { code: "invalid-name" });
    assert.throws(() => objectStore({ bucket: directory("x"), namespace: "a/b" }), { code: "invalid-name" });
  });

  it("goes on with a write in another process, of which the first that is kept wins", () =>
    inDirectory(async (path) => {
      const open = () => objectStore({ bucket: directory(path), partSize: 1000 });
      await using there = open();
      await using other = open();
      const bytes = randomBytes(4500);
      const one = await there.content.writer("one"), two = await other.content.writer("one");
      await one.append(streamOf(bytes.slice(0, 2500)), 0);
      await one.close();
      await two.append(streamOf(utf8("something else")), 0);
      await rejects(two.close(), "conflict");
      const again = await other.content.writer("one");
      assert.equal(again.offset, 2500);
      await again.append(streamOf(bytes.slice(2500)), 2500);
      const { digest, size } = await again.commit();
      const read = await there.content.open({ digest, size });
      assert.deepEqual(concat(await Array.fromAsync(read)), bytes);
    }));

  it("keeps what a lease of a killed process held until the time of expiry", () =>
    inDirectory(async (path) => {
      const bucket = directory(path);
      const killed = objectStore({ bucket });
      await killed.repository("a").lease();
      const { digest } = await putBlob(killed.repository("b"), "unleased");
      const leased = killed.repository("c");
      await leased.lease();
      const held = await putBlob(leased, "leased");
      await using there = objectStore({ bucket });
      const { removed } = await there.gc({ grace: 0 });
      assert.ok(!removed.includes(held.digest), "it is held");
      await using later = objectStore({ bucket, expiry: 0 });
      const gone = [...removed, ...(await later.gc({ grace: 0 })).removed];
      assert.deepEqual(gone.sort(), [digest, held.digest].sort());
    }));

  it("gives up writes that nobody goes on with, unless a lease keeps them", () =>
    inDirectory(async (path) => {
      const bucket = directory(path);
      await using there = objectStore({ bucket, expiry: 0 });
      for (const ref of ["left", "leased"]) {
        const writer = await there.content.writer(ref);
        await writer.append(streamOf(utf8("some")), 0);
        await writer.close();
      }
      await there.leases.create({ id: "one" });
      await there.leases.addResource("one", { type: "ingests", id: "leased" });
      await there.gc();
      const refs = async () => (await collect(there.content.listStatuses())).map(({ ref }) => ref);
      assert.deepEqual(await refs(), ["leased"]);
      await there.leases.delete("one");
      await there.gc();
      assert.deepEqual(await refs(), []);
      assert.deepEqual(await everything(bucket, "store/uploads/"), []);
    }));

  it("finds what is wrong, and removes it", () =>
    inDirectory(async (path) => {
      const bucket = directory(path);
      await using there = objectStore({ bucket });
      await putImage(there.repository("good"), "good", { name: "v1" });
      const lost = await ingestText(there, "of another length than any");
      const data = await everything(bucket, "store/data/");
      const { key } = data.find(({ size }) => size === lost.size)!;
      await bucket.put(key, utf8("OF ANOTHER LENGTH THAN ANY"));
      const { problems } = await there.fsck();
      assert.equal(problems.length, 1);
      const repaired = await there.fsck({ repair: true });
      assert.ok(repaired.problems.some((problem) => problem.includes(`${lost.digest} is missing or wrong`)));
      assert.deepEqual((await there.fsck()).problems, []);
      await rejects(there.content.info(lost.digest), "not-found");
      assert.ok((await there.check("good:v1")).complete);
    }));
});
