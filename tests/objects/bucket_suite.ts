/** What a bucket is, as a suite: a directory, S3 servers and R2 run it. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Bytes, concat, readAll, sameBytes, utf8 } from "../../src/bytes.ts";
import type { Bucket, ObjectFacts, UploadedPart } from "../../src/objects/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

/** An empty bucket under test. */
export interface BucketMedium {
  bucket: Bucket;
  close(): Promise<void>;
}

/** S3 and R2 take no smaller parts. */
const partSize = 5 * 1024 * 1024;

/** Runs the suite. */
export function testBucket(name: string, open: () => Promise<BucketMedium>, options: object = {}): void {
  describe(`bucket contract: ${name}`, options, () => {
    let medium: BucketMedium;
    let bucket: Bucket;
    before(async () => {
      medium = await open();
      bucket = medium.bucket;
    });
    after(() => medium.close());

    it("has no object that nobody has put", async () => {
      assert.equal(await bucket.head("missing/key"), undefined);
      assert.equal(await bucket.get("missing/key"), undefined);
      await bucket.delete("missing/key");
    });

    it("gives what was put, in whole or in part", async () => {
      const bytes = randomBytes(100_000);
      const before = Date.now();
      const etag = await bucket.put("some/object", bytes);
      const facts = await bucket.head("some/object");
      assert.equal(facts?.size, 100_000);
      assert.equal(facts.etag, etag);
      assert.ok(Math.abs(facts.modified.getTime() - before) < 60_000);
      assert.ok(facts.now.getTime() - facts.modified.getTime() >= -1000);
      const parts = [[0, undefined], [0, 10], [99_990, undefined], [5, 70_000], [99_999, 200_000], [
        100_000,
        undefined,
      ]];
      for (const [start, end] of parts) {
        const part = await read(bucket, "some/object", { start, end });
        assert.ok(sameBytes(part, bytes.subarray(start, end)), `${start}–${end}`);
      }
    });

    it("keeps empty objects, and keys with odd characters", async () => {
      await bucket.put("odd/= &%?ä", new Uint8Array(0));
      assert.equal((await bucket.head("odd/= &%?ä"))?.size, 0);
      assert.equal((await read(bucket, "odd/= &%?ä")).byteLength, 0);
      assert.deepEqual((await bucket.list({ prefix: "odd/" })).objects.map(({ key }) => key), ["odd/= &%?ä"]);
    });

    it("puts where nothing is, once", async () => {
      await bucket.put("once", utf8("one"), { expect: null });
      await rejects(bucket.put("once", utf8("two"), { expect: null }), "conflict");
      assert.equal(new TextDecoder().decode(await read(bucket, "once")), "one");
    });

    it("puts in place of what was expected only", async () => {
      const first = await bucket.put("compared", utf8("one"));
      const second = await bucket.put("compared", utf8("two"), { expect: first });
      assert.notEqual(second, first);
      await rejects(bucket.put("compared", utf8("three"), { expect: first }), "conflict");
      await rejects(bucket.put("not-there", utf8("three"), { expect: first }), "conflict");
      assert.equal(new TextDecoder().decode(await read(bucket, "compared")), "two");
    });

    it("lets one of many win", async () => {
      const etag = await bucket.put("raced", utf8("start"));
      for (const [key, expect] of [["raced-new", null], ["raced", etag]] as const) {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 20 }, (_, n) => bucket.put(key, utf8(`writer ${n}`), { expect })),
        );
        const winners = outcomes.flatMap(({ status }, n) => status === "fulfilled" ? n : []);
        assert.equal(winners.length, 1, key);
        assert.equal(new TextDecoder().decode(await read(bucket, key)), `writer ${winners[0]}`);
      }
    });

    it("takes objects where others go at the same moment", async () => {
      await Promise.all(Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 10; n++) {
          await bucket.put(`passing/by/${writer}-${n}`, utf8("x"), { expect: null });
          await bucket.delete(`passing/by/${writer}-${n}`);
        }
      }));
      assert.deepEqual((await bucket.list({ prefix: "passing/" })).objects, []);
    });

    it("forgets what is deleted", async () => {
      const etag = await bucket.put("deleted", utf8("x"));
      await bucket.delete("deleted", { expect: etag });
      assert.equal(await bucket.head("deleted"), undefined);
      assert.deepEqual((await bucket.list({ prefix: "deleted" })).objects, []);
    });

    it("lists keys in the order of their bytes, page by page", async () => {
      const keys = ["l/a", "l/a-b", "l/a/b", "l/a/c", "l/b", "l/b0", "m"].sort();
      const put = keys.filter((key) => key !== "l/a" && key !== "l/b"); // a file is no directory
      for (const key of put) await bucket.put(key, utf8(key));
      const all = put.filter((key) => key.startsWith("l/"));
      assert.deepEqual((await everything(bucket, "l/")).map(({ key }) => key), all);
      assert.deepEqual((await everything(bucket, "l/", 1)).map(({ key }) => key), all);
      assert.deepEqual((await bucket.list({ prefix: "l/", after: "l/a/b" })).objects.map(({ key }) => key), [
        "l/a/c",
        "l/b0",
      ]);
      const [facts] = (await bucket.list({ prefix: "l/a-b" })).objects;
      const head = await bucket.head("l/a-b");
      assert.equal(facts?.etag, head?.etag);
      assert.equal(facts?.size, 5);
      assert.ok(Math.abs(facts.modified.getTime() - head!.modified.getTime()) < 1000);
      assert.ok(facts.now.getTime() - facts.modified.getTime() >= -1000);
    });

    it("lists what many keys begin with once", async () => {
      for (const key of ["d/a/1", "d/a/2", "d/b", "d/c/1", "d/c/2/3"]) await bucket.put(key, utf8(key));
      for (const limit of [undefined, 1, 2]) {
        const prefixes: string[] = [], keys: string[] = [];
        for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
          const page = await bucket.list({ prefix: "d/", delimiter: "/", limit, cursor });
          prefixes.push(...page.prefixes);
          keys.push(...page.objects.map(({ key }) => key));
          cursor = page.cursor;
        }
        assert.deepEqual(prefixes, ["d/a/", "d/c/"]);
        assert.deepEqual(keys, ["d/b"]);
      }
    });

    it("makes objects of parts", async () => {
      const pieces = [randomBytes(partSize), randomBytes(partSize), randomBytes(1000)];
      const multipart = await bucket.startMultipart("parts/object");
      const parts: UploadedPart[] = [];
      await bucket.putPart(multipart, 2, randomBytes(partSize));
      for (const [n, bytes] of pieces.entries()) parts.push(await bucket.putPart(multipart, n + 1, bytes));
      assert.equal(await bucket.head("parts/object"), undefined);
      await bucket.completeMultipart(multipart, parts);
      assert.ok(sameBytes(await read(bucket, "parts/object"), concat(pieces)));
      const part = await read(bucket, "parts/object", { start: partSize - 5, end: partSize + 5 });
      assert.ok(sameBytes(part, concat(pieces).subarray(partSize - 5, partSize + 5)));
    });

    it("refuses a part that was replaced", async () => {
      const multipart = await bucket.startMultipart("parts/replaced");
      const first = await bucket.putPart(multipart, 1, randomBytes(1000));
      await bucket.putPart(multipart, 1, randomBytes(1000));
      // A directory keeps both, which is as good: what is completed is what was named.
      await bucket.completeMultipart(multipart, [first]).catch(() => {});
      const found = await bucket.head("parts/replaced");
      assert.ok(found === undefined || bucket.name.startsWith("the directory"));
      await bucket.abortMultipart(multipart);
    });

    it("forgets parts that are given up", async () => {
      const multipart = await bucket.startMultipart("parts/aborted");
      const part = await bucket.putPart(multipart, 1, randomBytes(1000));
      await bucket.abortMultipart(multipart);
      await bucket.abortMultipart(multipart);
      await assert.rejects(bucket.completeMultipart(multipart, [part]));
      assert.equal(await bucket.head("parts/aborted"), undefined);
    });

    it("rejects with the reason of an abort", async () => {
      const reason = new Error("changed my mind");
      const signal = AbortSignal.abort(reason);
      await assert.rejects(bucket.head("any", { signal }), reason);
      await assert.rejects(bucket.put("any", utf8("x"), { signal }), reason);
      await assert.rejects(bucket.list({ prefix: "", signal }), reason);
    });
  });
}

async function read(bucket: Bucket, key: string, options: Parameters<Bucket["get"]>[1] = {}): Promise<Bytes> {
  const found = await bucket.get(key, options);
  assert.ok(found);
  return await readAll(found.body, { limit: 1e8, what: key });
}

/** All that a bucket has below a prefix. */
export async function everything(bucket: Bucket, prefix: string, limit?: number): Promise<ObjectFacts[]> {
  const found: ObjectFacts[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await bucket.list({ prefix, cursor, limit });
    found.push(...page.objects);
    cursor = page.cursor;
  }
  return found;
}
