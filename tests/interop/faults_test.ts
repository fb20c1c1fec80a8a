import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "../faults/faults.ts";
import { inDirectory } from "../support/directory.ts";
import { needsDockerRegistry, startDockerRegistry } from "./docker_registry.ts";

describe("pushes and pulls of a docker-registry through a network that fails", needsDockerRegistry, () => {
  it("end right, or with a clear error and nothing half done", () =>
    inDirectory(async (directory) => {
      const { host, stop } = await startDockerRegistry();
      try {
        const { pushes, pulls, survived } = await run(host, directory, { runs: 20, seed: 4 });
        assert.equal(pushes + pulls, 20);
        assert.ok(survived > 10, `${survived} ended right`);
      } finally {
        await stop();
      }
    }));
});
