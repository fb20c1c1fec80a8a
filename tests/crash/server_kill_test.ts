import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inDirectory } from "../layout/support.ts";
import { killServers } from "./server_kill.ts";

describe("a registry over a directory", () => {
  it("has all that it has answered for after it was killed, and uploads go on", () =>
    inDirectory(async (directory) => {
      const report = await killServers(directory, { kills: 2, seed: 7 });
      assert.equal(report.kills, 2);
    }));
});
