import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { streamOf } from "../../src/bytes.ts";
import type { Ingest } from "../../src/content/contracts.ts";
import { readVerified } from "../../src/content/read.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { Objects } from "../../src/objects/mod.ts";
import { breaking, randomBytes } from "../../src/testing/content.ts";
import { simulated } from "./gc_race.ts";
import type { SimulatedBucket } from "./simulated_bucket.ts";

/** More than three parts. */
const bytes = randomBytes(3500);

/** Ends an upload of these bytes as the last request of a client does. */
async function put(ingest: Ingest): Promise<void> {
  const expected = await digestBytes(bytes);
  if (ingest.offset === 0) await ingest.append(streamOf(bytes), 0, { expected });
  await ingest.commit(expected);
}

async function checkOnce(open: () => Objects, bucket: SimulatedBucket): Promise<void> {
  const blob = { digest: await digestBytes(bytes), size: bytes.byteLength };
  await (await readVerified(open()("a"), blob, { role: "blob" })).pipeTo(new WritableStream());
  const left = [...bucket.objects.keys()].filter((key) => /^(?:data|uploads)\//.test(key));
  assert.equal(left.length, 1, left.join());
}

describe("uploads to a bucket whose last bytes come all at once", () => {
  it("begin anew where the stream broke", () =>
    simulated(1, async (open, bucket) => {
      const broken = await open()("a").ingest("upload");
      const expected = await digestBytes(bytes);
      await assert.rejects(broken.append(breaking(bytes, 2500), 0, { expected }));
      await broken.close();
      const again = await open()("a").ingest("upload", { create: false });
      assert.equal(again.offset, 0);
      await put(again);
      await checkOnce(open, bucket);
    }));

  for (const done of [true, false]) {
    it(`go on where they were killed ${done ? "after" : "before"} the object was made`, () =>
      simulated(2, async (open, bucket) => {
        const [complete, head] = [bucket.completeMultipart.bind(bucket), bucket.head.bind(bucket)];
        bucket.completeMultipart = async (...args) => {
          if (done) await complete(...args);
          throw new Error("killed");
        };
        bucket.head = () => Promise.reject(new Error("killed"));
        await assert.rejects(put(await open()("a").ingest("upload")), /killed/);
        Object.assign(bucket, { completeMultipart: complete, head });
        const again = await open()("a").ingest("upload", { create: false });
        assert.equal(again.offset, bytes.byteLength);
        await put(again);
        await checkOnce(open, bucket);
      }));
  }
});
