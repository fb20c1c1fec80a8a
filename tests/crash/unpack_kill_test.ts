import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inDirectory } from "../support/directory.ts";
import { killUnpacking } from "./unpack_kill.ts";

describe("unpack", () => {
  it("leaves no half of a root under its name when it is killed", () =>
    inDirectory(async (outer) => {
      const { kills, incomplete, done } = await killUnpacking(outer, { kills: 6, seed: 3 });
      assert.equal(kills, 6);
      assert.ok(done > 0 && incomplete > 0);
    }));
});
