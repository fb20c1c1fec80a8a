import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inDirectory } from "../layout/support.ts";
import { killCopies } from "./layout_kill.ts";

describe("a layout", () => {
  it("outlives the processes that are killed while they write", () =>
    inDirectory(async (directory) => {
      const report = await killCopies(join(directory, "layout"), { kills: 6, seed: 7 });
      assert.equal(report.kills, 6);
      assert.ok(report.copies > 0);
    }));
});
