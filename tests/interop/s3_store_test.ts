import { after, describe } from "node:test";
import { objectStore } from "../../src/object_store/mod.ts";
import { s3 } from "../../src/objects/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { recordsOf, storesIn } from "../object_store/support.ts";
import { testMetadata } from "../store/suite/metadata.ts";
import { testStore } from "../store/suite/mod.ts";
import { type S3Server, servers } from "./s3_servers.ts";

for (const { name, needed, start } of servers) {
  let server: S3Server | undefined;
  let last = 0;
  const started = async () => s3((server ??= await start()).options);
  after(() => server?.stop());

  testStore(`a store on ${name}`, storesIn(started), needed);

  testMetadata(`records on ${name}`, async (work) => {
    const bucket = await started();
    const prefix = `records-${++last}`;
    // So many bytes that records go into pages all the time.
    const open = () => recordsOf(bucket, prefix, 2048);
    await using metadata = open();
    await work(metadata, open);
  }, needed);

  describe(`targets on ${name}`, needed, () => {
    for (const kind of ["repository", "linked"] as const) {
      testTarget(`a store's ${kind} on ${name}`, async () => {
        const bucket = await started();
        const open = () => objectStore({ bucket, prefix: `target-${last}` });
        last++;
        const there = open(), other = open();
        return {
          target: there[kind]("acme/app"),
          again: () => other[kind]("acme/app"),
          collect: async () => void await there.gc({ grace: 0 }),
          async close() {
            await there.close();
            await other.close();
          },
        };
      });
    }
  });
}
