import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, sameBytes, streamOf } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import { digestBytes } from "../digest/mod.ts";
import { breaking, pieces, randomBytes, stalling } from "./content.ts";
import { rejects } from "./errors.ts";
import { describeBytes, known, read } from "./documents.ts";
import type { Suite } from "./suite.ts";

/** The cases of writes that break off and go on. */
export function testIngests(suite: Suite): void {
  describe("ingests", () => {
    it("take bytes in several calls", async () => {
      const bytes = randomBytes(30_000);
      const ingest = await suite.target.ingest!("several");
      assert.equal(ingest.offset, 0);
      assert.equal(await ingest.append(streamOf(bytes.slice(0, 10_000)), 0), 10_000);
      assert.equal(await ingest.append(pieces(bytes.slice(10_000), 1000), 10_000), 30_000);
      const descriptor = await ingest.commit((await describeBytes(bytes)).digest);
      assert.equal(descriptor.size, 30_000);
      assert.ok(sameBytes(await read(suite.target, descriptor), bytes));
    });

    it("name their bytes where nobody expects a digest", async () => {
      const bytes = randomBytes(500);
      const ingest = await suite.target.ingest!("unexpected");
      await ingest.append(streamOf(bytes), 0);
      assert.equal((await ingest.commit()).digest, (await describeBytes(bytes)).digest);
    });

    it("refuse bytes from elsewhere and stay where they are", async () => {
      const bytes = randomBytes(2000);
      const ingest = await suite.target.ingest!("ordered");
      await ingest.append(streamOf(bytes.slice(0, 1000)), 0);
      await rejects(ingest.append(streamOf(bytes.slice(1500)), 1500), "conflict");
      await rejects(ingest.append(streamOf(bytes.slice(0, 1000)), 0), "conflict");
      assert.equal(await ingest.append(streamOf(bytes.slice(1000)), 1000), 2000);
      assert.equal((await ingest.commit()).digest, (await describeBytes(bytes)).digest);
    });

    it("that end wrong make no blob, and can be aborted", async () => {
      const bytes = randomBytes(700);
      const expected = (await describeBytes(randomBytes(700))).digest;
      const ingest = await suite.target.ingest!("wrong");
      await ingest.append(streamOf(bytes), 0);
      await rejects(ingest.commit(expected), "digest-mismatch");
      await rejects(read(suite.target, { digest: expected }), "not-found");
      await ingest.abort();
      await rejects(suite.target.ingest!("wrong", { create: false }), "not-found");
    });

    it("that were never begun or are over are not-found", async () => {
      await rejects(suite.target.ingest!("never-begun", { create: false }), "not-found");
      const ingest = await suite.target.ingest!("aborted");
      await ingest.append(streamOf(randomBytes(10)), 0);
      await ingest.abort();
      await rejects(suite.target.ingest!("aborted", { create: false }), "not-found");
    });

    it("go on in another instance", async (t) => {
      if (suite.limits.resume) return t.diagnostic(suite.limits.resume);
      const bytes = randomBytes(200_000);
      const first = await suite.target.ingest!("handed-over");
      await first.append(streamOf(bytes.slice(0, 80_000)), 0);
      await first.close();
      const second = await suite.medium.again().ingest!("handed-over", { create: false });
      assert.equal(second.offset, 80_000);
      await second.append(streamOf(bytes.slice(80_000)), 80_000);
      const descriptor = await second.commit((await describeBytes(bytes)).digest);
      assert.ok(sameBytes(await read(suite.target, descriptor), bytes));
    });

    it("keep what came before the stream broke", async () => {
      const bytes = randomBytes(400_000);
      const ingest = await suite.target.ingest!("broken");
      await assert.rejects(ingest.append(breaking(bytes, 300_000), 0));
      const { offset } = ingest;
      assert.ok(offset <= 300_000);
      await ingest.append(streamOf(bytes.slice(offset)), offset);
      assert.equal((await ingest.commit()).digest, (await describeBytes(bytes)).digest);
    });
  });

  describe("sessions", () => {
    it("go on where the bytes broke off", async (t) => {
      if (suite.limits.resume) return t.diagnostic(suite.limits.resume);
      const block = randomBytes(1_000_000);
      const content = await known(concat(Array.from({ length: 18 }, () => block)));
      const starts: number[] = [];
      const breaks = (at: number): Content => ({
        ...content,
        open: ({ start = 0 } = {}) => {
          starts.push(start);
          return Promise.resolve(breaking(content.bytes.slice(start), at - start));
        },
      });
      await assert.rejects(suite.target.write(breaks(17_500_000), { session: "resumed" }));
      const { descriptor } = await suite.medium.again().write(breaks(Infinity), { session: "resumed" });
      assert.equal(starts[0], 0);
      assert.ok(starts[1]! >= 16_000_000 && starts[1]! <= 17_500_000, `it went on at ${starts[1]}`);
      assert.equal(await digestBytes(await read(suite.target, descriptor)), content.digest);
    });
  });

  describe("aborts", () => {
    it("reject with the reason and leave nothing", async () => {
      const content = await known(randomBytes(500_000));
      const abort = new AbortController();
      const reason = new Error("changed my mind");
      const slow = {
        ...content,
        replayable: false,
        open: () => Promise.resolve(stalling(content.bytes, 200_000)),
      };
      const writing = suite.target.write(slow, { signal: abort.signal });
      setTimeout(() => abort.abort(reason), 30);
      await assert.rejects(writing, reason);
      await rejects(read(suite.target, { digest: content.digest! }), "not-found");
      await assert.rejects(suite.target.resolve("any", { signal: abort.signal }), reason);
    });
  });
}
