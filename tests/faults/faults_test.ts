import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inDirectory } from "../support/directory.ts";
import { run, startMemoryRegistry } from "./faults.ts";

describe("pushes and pulls through a network that fails", () => {
  it("end right, or with a clear error and nothing half done", () =>
    inDirectory(async (directory) => {
      const { host, stop } = await startMemoryRegistry();
      try {
        const { pushes, pulls, survived, faults } = await run(host, directory, { runs: 12, seed: 4 });
        assert.equal(pushes + pulls, 12);
        assert.ok(survived > 4, `${survived} ended right`);
        assert.ok(Object.values(faults).reduce((sum, count) => sum + count, 0) > 12);
      } finally {
        await stop();
      }
    }));
});
