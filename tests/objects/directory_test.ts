import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { memory, pullThrough } from "../../src/content/mod.ts";
import { openRoot, walk } from "../../src/image/mod.ts";
import { directory } from "../../src/objects/directory.ts";
import { objects } from "../../src/objects/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { putImage } from "../layout/support.ts";
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

describe("manifests in a bucket", () => {
  it("may come before their blobs, as in mirrors", async () => {
    const { bucket, close } = await open();
    try {
      const source = memory();
      const image = await putImage(source, "mirrored", { name: "v1" });
      const repository = objects({ bucket })("acme/mirror");
      const mirror = pullThrough(source, repository);
      const { descriptor } = await mirror.resolve("v1", { document: true });
      assert.equal(descriptor.digest, image.digest);
      for await (const { content, part: { role } } of walk(await openRoot(mirror, "v1"))) {
        const digest = content.digest!;
        await (await mirror.open({ ...content, digest }, { role })).pipeTo(new WritableStream());
        // What the mirror reads it keeps on the way, and a little longer.
        const isKept = () => repository.resolve(digest, { role }).then(() => true, () => false);
        while (!await isKept()) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await repository.resolve("v1");
      // An upload goes a moment after its blob has come.
      while ((await bucket.list({ prefix: "uploads/" })).objects.length > 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      await close();
    }
  });
});
