import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sameBytes } from "../bytes.ts";
import { digestBytes } from "../digest/mod.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { breaking, pieces, randomBytes } from "./content.ts";
import { rejects } from "./errors.ts";
import { describeBytes, facts, known, read, rootCause } from "./documents.ts";
import type { Suite } from "./suite.ts";

/** The cases of blobs: written, found, read, refused. */
export function testBlobs(suite: Suite): void {
  describe("blobs", () => {
    it("are written, found and read back", async () => {
      const bytes = randomBytes(100_000);
      const written = await suite.target.write(await known(bytes));
      assert.equal(written.how, "written");
      assert.deepEqual(facts(written.descriptor), facts(await describeBytes(bytes)));
      assert.ok(sameBytes(await read(suite.target, written.descriptor), bytes));
      assert.equal(
        (await suite.target.resolve(written.descriptor.digest, { role: "blob" })).descriptor.size,
        100_000,
      );
    });

    it("are present the second time and not read again", async () => {
      const content = await known(randomBytes(1000));
      await suite.target.write(content);
      const again = await suite.target.write({ ...content, open: () => assert.fail("it was opened") });
      assert.equal(again.how, "present");
      assert.equal(again.descriptor.digest, content.digest);
    });

    it("without a digest are named by their sha256, in one pass", async () => {
      const bytes = randomBytes(70_000);
      let opened = 0;
      const { descriptor } = await suite.target.write({
        mediaType: mediaTypes.ociLayer,
        replayable: false,
        open: () => {
          opened++;
          return Promise.resolve(pieces(bytes, 8192));
        },
      });
      assert.deepEqual(descriptor, { ...await describeBytes(bytes), mediaType: mediaTypes.ociLayer });
      assert.equal(opened, 1);
      assert.ok(sameBytes(await read(suite.target, descriptor), bytes));
    });

    it("may be empty", async () => {
      const { descriptor } = await suite.target.write(await known(new Uint8Array(0)));
      assert.equal(descriptor.size, 0);
      assert.equal((await read(suite.target, descriptor)).byteLength, 0);
    });

    it("give ranges", async () => {
      const bytes = randomBytes(5000);
      const { descriptor } = await suite.target.write(await known(bytes));
      for (
        const [start, end] of [[0, 10], [10, undefined], [4999, undefined], [100, 4000], [0, 5000]] as const
      ) {
        const part = await read(suite.target, descriptor, { start, end });
        assert.ok(sameBytes(part, bytes.subarray(start, end)), `${start}–${end}`);
      }
    });

    it("that hash to something else are refused and leave nothing", async () => {
      const content = {
        ...await known(randomBytes(3000)),
        digest: (await describeBytes(randomBytes(3000))).digest,
      };
      await rejects(suite.target.write(content), "digest-mismatch");
      await rejects(read(suite.target, { digest: content.digest }), "not-found");
    });

    it("that are shorter or longer than they say are refused and leave nothing", async () => {
      for (const off of [-1, 1]) {
        const content = await known(randomBytes(3000));
        const lie = { ...content, size: content.size! + off };
        await rejects(suite.target.write(lie), ["size-mismatch", "digest-mismatch"]);
        await rejects(read(suite.target, { digest: content.digest! }), "not-found");
      }
    });

    it("whose stream breaks leave nothing and pass the reason on", async () => {
      const content = await known(randomBytes(300_000));
      const broken = {
        ...content,
        replayable: false,
        open: () => Promise.resolve(breaking(content.bytes, 100_000)),
      };
      await assert.rejects(
        suite.target.write(broken),
        (error) => rootCause(error).message === "the cable was cut",
      );
      await rejects(read(suite.target, { digest: content.digest! }), "not-found");
    });

    it("that are missing are not-found", async () => {
      const { digest } = await describeBytes(randomBytes(10));
      await rejects(suite.target.resolve(digest, { role: "blob" }), "not-found");
      await rejects(read(suite.target, { digest }), "not-found");
    });

    it("written by several at once are all well", async () => {
      const bytes = randomBytes(50_000);
      const content = await known(bytes);
      const all = await Promise.all(
        [1, 2, 3, 4].map((n) => (n % 2 ? suite.target : suite.medium.again()).write(content)),
      );
      for (const { descriptor } of all) assert.equal(descriptor.digest, content.digest);
      assert.ok(sameBytes(await read(suite.target, all[0]!.descriptor), bytes));
    });

    it("named by sha512 are found by it", async (t) => {
      if (suite.limits.sha512) return t.diagnostic(suite.limits.sha512);
      const bytes = randomBytes(2000);
      const digest = await digestBytes(bytes, "sha512");
      const content = { ...await known(bytes), digest };
      const { descriptor } = await suite.target.write(content);
      assert.equal(descriptor.digest, digest);
      assert.ok(sameBytes(await read(suite.target, { digest }), bytes));
    });

    it("can be deleted", async () => {
      const { descriptor } = await suite.target.write(await known(randomBytes(100)));
      if (suite.limits.deleteBlob) {
        return await rejects(suite.target.delete!(descriptor, { role: "blob" }), "unsupported");
      }
      await suite.target.delete!(descriptor, { role: "blob" });
      await rejects(read(suite.target, descriptor), "not-found");
      await rejects(suite.target.delete!(descriptor, { role: "blob" }), "not-found");
    });
  });
}
