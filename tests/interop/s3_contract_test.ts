import { describe } from "node:test";
import { objects, s3 } from "../../src/objects/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { testBucket } from "../objects/bucket_suite.ts";
import { servers } from "./s3_servers.ts";

for (const { name, needed, start } of servers) {
  testBucket(name, async () => {
    const { options, stop } = await start();
    return { bucket: s3(options), close: stop };
  }, needed);

  describe(`objects on ${name}`, needed, () => {
    testTarget(`objects on ${name}`, async () => {
      const { options, stop } = await start();
      const again = () => objects({ bucket: s3(options), prefix: "registry" })("contract/target");
      return { target: again(), again, close: stop };
    });
  });
}
