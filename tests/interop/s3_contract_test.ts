import { describe, it } from "node:test";
import { objects, s3 } from "../../src/objects/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { testBucket } from "../objects/bucket_suite.ts";
import { checkServerless } from "../objects/serverless_bucket.ts";
import { servers } from "./s3_servers.ts";

for (const { name, needed, start } of servers) {
  testBucket(name, async () => {
    const { options, stop } = await start();
    return { bucket: s3(options), close: stop };
  }, needed);

  describe(`objects on ${name}`, needed, () => {
    it("take over what Cloudflare's serverless-registry has written, without a byte on the way", async () => {
      const { options, stop } = await start();
      try {
        await checkServerless(s3(options));
      } finally {
        await stop();
      }
    });

    testTarget(`objects on ${name}`, async () => {
      const { options, stop } = await start();
      const again = () => objects({ bucket: s3(options), prefix: "registry" })("contract/target");
      return { target: again(), again, close: stop };
    });
  });
}
