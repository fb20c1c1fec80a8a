import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { listAll } from "../../../src/store/metadata.ts";
import { openDatabase } from "../../../src/store/sqlite/driver.ts";
import { SqliteMetadata } from "../../../src/store/sqlite/metadata.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { collect, inDirectory, start } from "../support.ts";

const inMetadata = (work: (metadata: SqliteMetadata, path: string) => Promise<void>) =>
  inDirectory(async (directory) => {
    const path = join(directory, "a", "metadata.db");
    await using metadata = new SqliteMetadata(path);
    await work(metadata, path);
  });

describe("records in SQLite", () => {
  it("are put, read and removed", () =>
    inMetadata(async (metadata) => {
      assert.equal(await metadata.get("a", "key"), undefined);
      assert.ok(await metadata.commit([{ bucket: "a", key: "key", value: "1" }]));
      assert.equal((await metadata.get("a", "key"))?.value, "1");
      assert.equal(await metadata.get("b", "key"), undefined);
      assert.ok(await metadata.commit([{ bucket: "a", key: "key", value: null }]));
      assert.equal(await metadata.get("a", "key"), undefined);
    }));

  it("change only if they are what was expected, all or none", () =>
    inMetadata(async (metadata) => {
      const put = (key: string, value: string | null | undefined, expect?: number | string | null) => ({
        bucket: "a",
        key,
        value,
        expect,
      });
      assert.ok(await metadata.commit([put("x", "1", null)]));
      assert.ok(!await metadata.commit([put("x", "2", null)]));
      const { version } = (await metadata.get("a", "x"))!;
      assert.ok(!await metadata.commit([put("y", "1"), put("x", "2", Number(version) + 1)]));
      assert.equal(await metadata.get("a", "y"), undefined);
      assert.ok(await metadata.commit([put("y", "1"), put("x", "2", version)]));
      assert.ok(!await metadata.commit([put("x", "3", version)]));
      // A new version without a new value; and none of what is not there.
      const before = (await metadata.get("a", "x"))!;
      assert.ok(await metadata.commit([put("x", undefined)]));
      const after = (await metadata.get("a", "x"))!;
      assert.equal(after.value, before.value);
      assert.notEqual(after.version, before.version);
      assert.ok(!await metadata.commit([put("z", undefined)]));
    }));

  it("never have a version twice, though they go and come back", () =>
    inMetadata(async (metadata) => {
      const versions = new Set<unknown>();
      for (let n = 0; n < 5; n++) {
        assert.ok(await metadata.commit([{ bucket: "a", key: "x", value: "same", expect: null }]));
        versions.add((await metadata.get("a", "x"))!.version);
        assert.ok(await metadata.commit([{ bucket: "a", key: "x", value: null }]));
      }
      assert.equal(versions.size, 5);
    }));

  it("are listed in the order of their bytes, page by page", () =>
    inMetadata(async (metadata) => {
      const keys = ["a", "a/1", "a/2", "a/\u{1F600}", "a/\uFFEE", "b", "ä"];
      const changes = keys.toReversed().map((key) => ({ bucket: "x", key, value: key }));
      assert.ok(await metadata.commit([...changes, { bucket: "y", key: "a/3", value: "" }]));
      const found = async (options: object) =>
        (await collect(listAll(metadata, "x", options))).map(({ key }) => key);
      // U+FFEE comes before U+1F600, other than in UTF-16.
      assert.deepEqual(await found({}), ["a", "a/1", "a/2", "a/\uFFEE", "a/\u{1F600}", "b", "ä"]);
      assert.deepEqual(await found({ prefix: "a/" }), ["a/1", "a/2", "a/\uFFEE", "a/\u{1F600}"]);
      assert.deepEqual(await found({ prefix: "a/", after: "a/1" }), ["a/2", "a/\uFFEE", "a/\u{1F600}"]);
      assert.equal((await metadata.list("x", { prefix: "a/", limit: 2 })).length, 2);
      const many = Array.from({ length: 2500 }, (_, n) => ({ bucket: "z", key: String(n), value: "" }));
      assert.ok(await metadata.commit(many));
      const all = (await collect(listAll(metadata, "z"))).map(({ key }) => key);
      assert.deepEqual(all, many.map(({ key }) => key).sort());
    }));

  it("add up in several processes that compare before they set", () =>
    inMetadata(async (metadata, path) => {
      const children = [1, 2].map(() => start("../store/sqlite/counter_child.ts", path, "150"));
      for (const child of children) await child.done();
      const counters = await metadata.list("counters");
      assert.equal(counters.reduce((sum, { value }) => sum + Number(value), 0), 300);
    }));

  it("wait for a process that has them locked", () =>
    inMetadata(async (metadata, path) => {
      await metadata.commit([{ bucket: "a", key: "x", value: "1" }]);
      const other = openDatabase(path);
      other.exec("BEGIN IMMEDIATE");
      let done = false;
      const changing = metadata.commit([{ bucket: "a", key: "x", value: "2" }]).then(() => done = true);
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.equal(done, false);
      assert.equal((await metadata.get("a", "x"))?.value, "1"); // reading need not wait
      other.exec("COMMIT");
      other.close();
      await changing;
      assert.equal((await metadata.get("a", "x"))?.value, "2");
    }));

  it("stop waiting when they are told to", () =>
    inMetadata(async (metadata, path) => {
      await metadata.commit([{ bucket: "a", key: "x", value: "1" }]);
      const other = openDatabase(path);
      other.exec("BEGIN IMMEDIATE");
      const abort = new AbortController();
      const changing = metadata.commit([{ bucket: "a", key: "x", value: "2" }], { signal: abort.signal });
      setTimeout(() => abort.abort(new Error("changed my mind")), 80);
      await assert.rejects(changing, /changed my mind/);
      other.exec("ROLLBACK");
      other.close();
    }));

  it("of a newer version, and files that are none, are left alone", () =>
    inDirectory(async (directory) => {
      const newer = join(directory, "newer.db"), none = join(directory, "none.db");
      const database = openDatabase(newer);
      database.exec("PRAGMA user_version = 99");
      database.close();
      await using a = new SqliteMetadata(newer);
      await rejects(a.get("a", "x"), "unsupported", /newer version/);
      await writeFile(none, "this is no database, however long it may be".repeat(100));
      await using b = new SqliteMetadata(none);
      await rejects(b.get("a", "x"), "invalid-document", /no database/);
      await mkdir(join(directory, "directory.db"));
      await using c = new SqliteMetadata(join(directory, "directory.db"));
      await rejects(c.get("a", "x"), "storage");
    }));
});
