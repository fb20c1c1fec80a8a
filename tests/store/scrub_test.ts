import assert from "node:assert/strict";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { quarantine } from "../../src/disk/quarantine.ts";
import { BlobDirectory } from "../../src/disk/blob_directory.ts";
import { GantryDirectory, gantryDirectoryIn } from "../../src/disk/gantry_directory.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { rejects } from "../../src/testing/errors.ts";
import { collect, inStore, putBlob, putImage, readText } from "./support.ts";

const pathOf = (directory: string, digest: Digest) => join(directory, "blobs", "sha256", digest.slice(7));

async function spoil(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0]! ^= 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}

describe("scrubbing a store", () => {
  it("reads every blob", () =>
    inStore(async (there) => {
      await putImage(there.repository("a"), "one", { name: "v1" });
      const scrubbed = await collect(there.scrub({ rate: 1_000_000_000 }));
      assert.equal(scrubbed.length, 3);
      assert.ok(scrubbed.every(({ problem, size }) => problem === undefined && size > 0));
    }));

  it("puts away what is wrong, so that it is missing, and can be written again", () =>
    inStore(async (there, { directory }) => {
      const repository = there.linked("app");
      const manifest = await putImage(repository, "image", { name: "v1" });
      const blob = await putBlob(repository, "blob");
      await repository.resolve("v1", { document: true }); // it is kept in memory from now on
      for (const { digest } of [manifest, blob]) await spoil(pathOf(directory, digest));
      const events: string[] = [];
      const listening = (async () => {
        for await (const event of there.events()) if (events.push(event.type) === 2) return;
      })();
      const wrong = (await collect(there.scrub())).filter(({ problem }) => problem !== undefined);
      await listening;
      assert.deepEqual(wrong.map(({ digest }) => digest).sort(), [manifest.digest, blob.digest].sort());
      assert.ok(wrong.every(({ quarantined }) => quarantined));
      assert.deepEqual(events, ["content-corrupt", "content-corrupt"]);
      assert.equal((await readdir(join(directory, ".gantry", "corrupt"))).length, 2);
      for (const document of [true, false]) {
        await rejects(repository.resolve("v1", { document }), "not-found");
      }
      await rejects(repository.resolve(blob.digest, { role: "blob" }), "not-found");
      await rejects(repository.open(blob), "not-found");
      assert.equal(await repository.file(blob), undefined);
      await putBlob(repository, "blob");
      await putImage(repository, "image");
      assert.equal(await readText(repository, blob), "blob");
      assert.equal((await repository.resolve("v1", { document: true })).descriptor.digest, manifest.digest);
      assert.deepEqual((await there.fsck()).problems, []);
    }));

  it("says nothing of what is removed meanwhile", () =>
    inStore(async (there, { directory }) => {
      const blobs = [await putBlob(there.linked("app"), "one"), await putBlob(there.linked("app"), "two")];
      const seen: Digest[] = [];
      for await (const { digest, problem } of there.scrub()) {
        assert.equal(problem, undefined);
        seen.push(digest);
        for (const other of blobs) if (other.digest !== digest) await rm(pathOf(directory, other.digest));
      }
      assert.equal(seen.length, 1);
    }));

  it("puts back what was written anew a moment before", () =>
    inStore(async (there, { directory }) => {
      const { digest } = await putBlob(there.linked("app"), "good");
      const blobs = new BlobDirectory(
        join(directory, "blobs"),
        new GantryDirectory(gantryDirectoryIn(directory)),
      );
      assert.equal(await quarantine(blobs, digest, {}), false);
      assert.equal(await readFile(pathOf(directory, digest), "utf8"), "good");
    }));
});
