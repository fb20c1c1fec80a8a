import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertConforms, needsConformance } from "./conformance.ts";
import { type RegistryProcess, roundRobin, startRegistry } from "./s3_registry.ts";
import { servers } from "./s3_servers.ts";

for (const { name, needed, start } of servers) {
  describe(`the distribution specification over ${name}`, { skip: needed.skip || needsConformance }, () => {
    it("is conformed to by two processes that take turns, one of which redirects to it", async (t) => {
      const server = await start();
      const processes: RegistryProcess[] = [];
      try {
        for (const redirect of [false, true]) processes.push(await startRegistry(server, { redirect }));
        const proxy = await roundRobin(() => processes.map(({ port }) => port));
        try {
          t.diagnostic(await assertConforms(proxy.host));
        } finally {
          await proxy.close();
        }
        // What is answered with 500 is told there.
        for (const one of processes) assert.doesNotMatch(one.said(), /GET|PUT|POST|PATCH|DELETE|HEAD/);
      } finally {
        for (const one of processes) await one.kill();
        await server.stop();
      }
    });
  });
}
