import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { directory } from "../../src/objects/directory.ts";
import { inDirectory } from "../layout/support.ts";
import { killObjectStores } from "./object_store_kill.ts";

describe("a store in a bucket", () => {
  it("outlives the processes that are killed while they use it", () =>
    inDirectory(async (path) => {
      const report = await killObjectStores({
        bucket: directory(path),
        place: { path },
        kills: 3,
        seed: 7,
      });
      assert.ok(report.kills + report.ended >= 3);
    }));
});
