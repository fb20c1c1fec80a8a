import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { memory } from "../../src/content/memory.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { objectStore } from "../../src/object_store/mod.ts";
import { s3 } from "../../src/objects/mod.ts";
import { server as serve } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { inHome } from "../keychain/support.ts";
import { recordsOf, storesIn } from "../object_store/support.ts";
import { testMetadata } from "../store/suite/metadata.ts";
import { testStore } from "../store/suite/mod.ts";
import { startScript } from "../support/spawn.ts";
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

  describe(`the command and a store on ${name}`, needed, () => {
    it("pulls into it, lists, labels and collects", () =>
      inHome(async ({ env, write }) => {
        await started();
        const { endpoint, bucket, credentials } = server!.options;
        const { accessKeyId, secretAccessKey } = credentials();
        // Keys of a profile, as Amazon's own tools find them.
        await write(
          ".aws/credentials",
          `[work]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
        );
        const images = memory();
        await copy(emptyImage().append(layer(randomBytes(1000), { compression: "none" })), images, {
          name: "v1",
        });
        const registry = await listen(serve({ repositories: () => images }));
        const gantry = async (...args: string[]) => {
          const main = new URL("../../src/cli/main.ts", import.meta.url);
          const all = ["--store", `s3://${bucket}/cli`, ...args];
          const more = { ...env, AWS_PROFILE: "work", AWS_ENDPOINT_URL: endpoint };
          const { code, stdout, stderr } = await startScript(main, all, more).ended;
          assert.equal(code, 0, stderr);
          return stdout;
        };
        try {
          const image = `127.0.0.1:${registry.port}/app:v1`;
          await gantry("pull", "--platform", "all", image);
          assert.equal(await gantry("images", "ls", "-q"), `${image}\n`);
          await gantry("images", "label", image, "env=prod");
          assert.equal(await gantry("images", "ls", "-q", "labels.env==prod"), `${image}\n`);
          await gantry("copy", `store:${image}`, `127.0.0.1:${registry.port}/copied:v2`);
          await gantry("images", "rm", image);
          // The bucket tells whole seconds, and what was put in the last ones is spared.
          await new Promise((resolve) => setTimeout(resolve, 3000));
          assert.equal((await gantry("store", "gc", "--grace", "0")).trim().split("\n").length, 3);
        } finally {
          await registry.close();
        }
      }));
  });

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
