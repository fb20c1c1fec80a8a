import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { store } from "../../src/store/mod.ts";
import { startLimited } from "../layout/support.ts";
import { collect, inDirectory, putImage } from "./support.ts";

describe("a store on a full disk", { skip: process.platform === "win32" && "Windows has no ulimit" }, () => {
  // Where the limit is hit differs: in the log of the database, or when that is written into the database.
  for (const limit of [33_280, 66_048, 140_800, 270_336]) {
    it(`loses nothing at ${limit} bytes, and goes on when there is room`, () =>
      inDirectory(async (directory) => {
        const lines = (await startLimited(limit, "../store/full_child.ts", directory).done()).trim().split(
          "\n",
        );
        assert.match(lines.at(-1)!, /^full: .*(?:no space left|larger than allowed|disk I\/O)/);
        await using there = store(directory);
        const written = lines.slice(0, -1);
        const names = new Set(await collect(there.repository("app").names()));
        for (const name of written) assert.ok(names.has(name), name);
        for (const { name } of await collect(there.images.list())) {
          assert.ok((await there.check(name)).complete, name);
        }
        assert.deepEqual((await there.fsck()).problems, []);
        await putImage(there.repository("app"), "once more", { name: "last" });
        await there.gc({ grace: 0 });
        assert.ok((await there.check("app:last")).complete);
      }));
  }
});
