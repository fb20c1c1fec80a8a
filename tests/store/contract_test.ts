import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Store, store } from "../../src/store/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";

const linked = (there: Store) => there.linked("acme/app");
const plain = (there: Store) => there.repository("docker.io/acme/app");

for (const [name, open] of Object.entries({ "repository of a store": plain, "linked repository": linked })) {
  testTarget(name, async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-test-"));
    const there = store(directory), other = store(directory);
    return {
      target: open(there),
      again: () => open(other),
      collect: async () => void await there.gc({ grace: 0 }),
      async close() {
        await there.close();
        await other.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  });
}
