import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openDatabase } from "../../../src/store/sqlite/driver.ts";
import { SqliteMetadata } from "../../../src/store/sqlite/metadata.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { inDirectory, start } from "../support.ts";
import { testMetadata } from "../suite/metadata.ts";

const inMetadata = (
  work: (metadata: SqliteMetadata, again: () => SqliteMetadata, path: string) => Promise<void>,
) =>
  inDirectory(async (directory) => {
    const path = join(directory, "a", "metadata.db");
    await using metadata = new SqliteMetadata(path);
    await work(metadata, () => new SqliteMetadata(path), path);
  });

testMetadata("records in SQLite", inMetadata);

describe("records in SQLite", () => {
  it("add up in several processes that compare before they set", () =>
    inMetadata(async (metadata, _again, path) => {
      const children = [1, 2].map(() => start("../store/sqlite/counter_child.ts", path, "150"));
      for (const child of children) await child.done();
      const counters = await metadata.list("counters");
      assert.equal(counters.reduce((sum, { value }) => sum + Number(value), 0), 300);
    }));

  it("wait for a process that has them locked", () =>
    inMetadata(async (metadata, _again, path) => {
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
    inMetadata(async (metadata, _again, path) => {
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
