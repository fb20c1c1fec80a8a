import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import type { Bucket } from "../../src/objects/mod.ts";
import { directory } from "../../src/objects/directory.ts";
import { listAll } from "../../src/store/metadata.ts";
import { rejects } from "../../src/testing/errors.ts";
import { everything } from "../objects/bucket_suite.ts";
import { SimulatedBucket } from "../objects/simulated_bucket.ts";
import { inDirectory } from "../support/directory.ts";
import { testMetadata } from "../store/suite/metadata.ts";
import { collect } from "../../src/testing/collect.ts";
import { recordsOf } from "./support.ts";

testMetadata("records in a bucket", async (work) => {
  const bucket = new SimulatedBucket(1, { immediate: true });
  const open = () => recordsOf(bucket, "test", 4096);
  await using metadata = open();
  await work(metadata, open);
});

/** The same bucket, with something done around its puts. */
function around(
  bucket: Bucket,
  put: (key: string, putting: () => Promise<string>) => Promise<string>,
): Bucket {
  return new Proxy(bucket, {
    get(target, name: keyof Bucket) {
      if (name === "put") {
        return (...args: Parameters<Bucket["put"]>) => put(args[0], () => target.put(...args));
      }
      const member = target[name];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

const root = "test/store/records/root", pages = "test/store/records/pages/";
const change = (key: string, value: string | null) => ({ bucket: "a", key, value });

describe("a change of records in a bucket", () => {
  it("is one put, of however many records", () =>
    inDirectory(async (path) => {
      const keys: string[] = [];
      const bucket = around(directory(path), (key, putting) => {
        keys.push(key);
        return putting();
      });
      await using metadata = recordsOf(bucket, "test");
      const many = Array.from({ length: 300 }, (_, n) => change(`key ${n}`, "value"));
      assert.ok(await metadata.commit(many));
      assert.deepEqual(keys, [root]);
      // Those that are asked for at once go together, each for itself.
      const [a, b] = await Promise.all([
        metadata.commit([{ ...change("key 1", "a"), expect: null }]),
        metadata.commit([change("key 2", "b")]),
      ]);
      assert.deepEqual([a, b], [false, true]);
      assert.deepEqual(keys, [root, root]);
    }));

  it("is done once, although the answer to it was lost", () =>
    inDirectory(async (path) => {
      let lost = 0;
      const bucket = around(directory(path), async (_, putting) => {
        const etag = await putting();
        if (lost++ > 0) return etag;
        throw new GantryError("unavailable", "the connection broke");
      });
      await using metadata = recordsOf(bucket, "test");
      assert.ok(await metadata.commit([{ ...change("key", "1"), expect: null }]));
      assert.equal(lost, 1);
      assert.equal((await metadata.get("a", "key"))?.value, "1");
    }));

  it("that the bucket does not take is an error, and not done", () =>
    inDirectory(async (path) => {
      const bucket = around(
        directory(path),
        () => Promise.reject(new GantryError("unavailable", "the connection broke")),
      );
      await using metadata = recordsOf(bucket, "test");
      await rejects(metadata.commit([change("key", "1")]), "unavailable");
      assert.equal(await metadata.get("a", "key"), undefined);
    }));

  it("that makes a record needs what the record is of", () =>
    inDirectory(async (path) => {
      await using metadata = recordsOf(directory(path), "test");
      const made = { bucket: "default/content", key: "digest", value: "{}" };
      assert.ok(!await metadata.commit([made]));
      assert.ok(await metadata.commit([{ bucket: "blobs", key: "digest", value: "{}" }]));
      const before = (await metadata.get("blobs", "digest"))!.version;
      assert.ok(await metadata.commit([made]));
      // Whoever was about to remove it, as nothing was of it, sees that.
      const remove = { bucket: "blobs", key: "digest", value: null };
      assert.ok(!await metadata.commit([{ ...remove, expect: before }]));
    }));

  it("of a megabyte and more goes into pages at once", () =>
    inDirectory(async (path) => {
      const bucket = directory(path);
      await using metadata = recordsOf(bucket, "test");
      const many = Array.from({ length: 3000 }, (_, n) => change(`key ${n}`, "x".repeat(500)));
      assert.ok(await metadata.commit(many));
      assert.ok((await everything(bucket, pages)).length >= 6);
      assert.ok((await bucket.head(root))!.size < 10_000);
      assert.equal((await collect(listAll(metadata, "a"))).length, 3000);
    }));
});

describe("pages of records", () => {
  it("to which nothing leads are removed, and no others", () =>
    inDirectory(async (path) => {
      const bucket = directory(path);
      await using metadata = recordsOf(bucket, "test", 2000);
      for (let n = 0; n < 40; n++) await metadata.commit([change(`key ${n}`, "x".repeat(200))]);
      await using other = recordsOf(bucket, "test", 1_000_000);
      await bucket.put(`${pages}of-a-killed-process`, utf8("[]"));
      await other.sweep();
      assert.equal(await bucket.head(`${pages}of-a-killed-process`), undefined);
      assert.equal((await collect(listAll(other, "a"))).length, 40);
    }));

  it("that are about to be led to when others are removed are given up, and nothing of them is lost", () =>
    inDirectory(async (path) => {
      const plain = directory(path);
      const other = recordsOf(plain, "test", 1_000_000);
      let swept = 0;
      const bucket = around(plain, async (key, putting) => {
        const etag = await putting();
        if (key.startsWith(pages)) {
          swept++;
          await other.sweep();
        }
        return etag;
      });
      const metadata = recordsOf(bucket, "test", 2000);
      for (let n = 0; n < 30; n++) await metadata.commit([change(`key ${n}`, `${n} ${"x".repeat(200)}`)]);
      await metadata[Symbol.asyncDispose]();
      assert.ok(swept > 0);
      const found = await collect(listAll(other, "a"));
      assert.deepEqual(found.map(({ value }) => Number.parseInt(value)).sort((a, b) => a - b), [
        ...Array(30).keys(),
      ]);
      await other[Symbol.asyncDispose]();
    }));

  it("that are merged while others read are read anew", () =>
    inDirectory(async (path) => {
      await using metadata = recordsOf(directory(path), "test", 1500);
      let writing = true;
      const write = async () => {
        for (let n = 0; n < 60; n++) {
          await metadata.commit([change(`key ${n % 20}`, `${n} ${"x".repeat(100)}`)]);
        }
        writing = false;
      };
      const read = async () => {
        await using other = recordsOf(directory(path), "test", 1500);
        let last = 0;
        while (writing) {
          const found = await other.list("a");
          assert.ok(found.length >= last);
          last = found.length;
        }
      };
      await Promise.all([write(), read(), read()]);
    }));
});

describe("a root", () => {
  it("of a newer version, and what is none, is left alone", () =>
    inDirectory(async (path) => {
      const bucket = directory(path);
      await using metadata = recordsOf(bucket, "test");
      await bucket.put(root, utf8('{"format":2,"tail":[],"runs":[]}'));
      await rejects(metadata.get("a", "x"), "unsupported", /newer version/);
      await bucket.put(root, utf8("not JSON"));
      await rejects(metadata.commit([change("x", "1")]), "invalid-document", /broken/);
      await bucket.put(root, utf8("{}"));
      await rejects(metadata.list("a"), "invalid-document", /not ours/);
    }));
});
