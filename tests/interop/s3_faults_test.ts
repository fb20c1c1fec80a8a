import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runFaults } from "./s3_faults.ts";
import { servers } from "./s3_servers.ts";

for (const { name, needed, start } of servers) {
  describe(`copies to and from ${name} through a network that fails`, needed, () => {
    it("end right, or with a clear error and nothing half done", async () => {
      const server = await start();
      try {
        const { runs, harm } = await runFaults({ server, runs: 4, seed: 5 });
        assert.equal(runs, 4);
        assert.ok(Object.keys(harm).length > 0, "nothing was done to it");
      } finally {
        await server.stop();
      }
    });
  });
}
