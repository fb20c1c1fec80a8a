import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { store } from "../../src/store/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";

testTarget("repository of a store", async () => {
  const directory = await mkdtemp(join(tmpdir(), "gantry-test-"));
  const there = store(directory), other = store(directory);
  return {
    target: there.repository("docker.io/acme/app"),
    again: () => other.repository("docker.io/acme/app"),
    collect: async () => void await there.gc({ grace: 0 }),
    async close() {
      await there.close();
      await other.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
