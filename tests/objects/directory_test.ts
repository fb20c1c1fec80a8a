import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directory } from "../../src/objects/directory.ts";
import { objects } from "../../src/objects/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { testBucket } from "./bucket_suite.ts";

async function open() {
  const path = await mkdtemp(join(tmpdir(), "gantry-objects-"));
  return { bucket: directory(join(path, "bucket")), close: () => rm(path, { recursive: true, force: true }) };
}

testBucket("directory", open);

testTarget("objects in a directory", async () => {
  const { bucket, close } = await open();
  const again = () => objects({ bucket, prefix: "registry" })("contract/target");
  return { target: again(), again, close };
});
