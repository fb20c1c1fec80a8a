import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inDirectory } from "../layout/support.ts";
import { killStores } from "./store_kill.ts";

describe("a store", () => {
  it("outlives the processes that are killed while they use it", () =>
    inDirectory(async (directory) => {
      const report = await killStores(join(directory, "store"), { kills: 9, seed: 7 });
      assert.ok(report.kills >= 9);
    }));
});
