import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Digest } from "../../src/spec/digest.ts";
import type { Objects } from "../../src/objects/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { putImage } from "../layout/support.ts";
import { grace, simulated } from "./gc_race.ts";

async function tagsOf(target: ReturnType<Objects>): Promise<string[]> {
  const found: string[] = [];
  for await (const name of target.names()) found.push(name);
  return found;
}

/** Pushes images, and deletes each while the next one gets its tag. Gives the last one. */
async function pushAll(open: () => ReturnType<Objects>, writer: number): Promise<Digest> {
  let before = await putImage(open(), `${writer}: 0`, { name: "latest" });
  for (let n = 1; n <= 5; n++) {
    const next = await putImage(open(), `${writer}: ${n}`);
    await Promise.all([open().tag("latest", next), open().delete(before, { role: "manifest" })]);
    before = next;
  }
  return before.digest;
}

describe("the tags of a bucket", () => {
  for (const compares of [true, false]) {
    const where = compares ? "that compares" : "that does not compare before it removes";
    it(`stay as they were set last while others delete what they stood for, in a bucket ${where}`, async () => {
      for (let seed = 0; seed < 40; seed++) {
        await simulated(seed, async (open) => {
          const repository = () => open()("a");
          const last = await Promise.all([0, 1, 2].map((writer) => pushAll(repository, writer)));
          const { descriptor } = await repository().resolve("latest");
          assert.ok(last.includes(descriptor.digest), `with the seed ${seed}`);
          assert.deepEqual(await tagsOf(repository()), ["latest"]);
        }, { compares });
      }
    });
  }

  it("are gone where who removes them is killed before the end, and can be set again", () =>
    simulated(1, async (open, bucket) => {
      const [one, other] = [await putImage(open()("a"), "one"), await putImage(open()("a"), "other")];
      const remove = bucket.delete;
      for (const name of ["v1", "v2", "v3"]) await open()("a").tag(name, one);
      let removing = 0;
      bucket.delete = async () => {
        for (removing++; removing < 3;) await bucket.sleep(1);
        throw new Error("killed");
      };
      await assert.rejects(open()("a").delete(one, { role: "manifest" }), /killed/);
      bucket.delete = remove;
      assert.deepEqual(await tagsOf(open()("a")), []);
      await rejects(open()("a").resolve("v1"), "not-found");
      await rejects(open()("a").untag("v1"), "not-found");
      bucket.time += grace * 1000;
      await open()("a").tag("v1", other);
      await open()("a").tag("v2", other, { expect: null });
      assert.deepEqual(await tagsOf(open()("a")), ["v1", "v2"]);
      assert.equal((await open()("a").resolve("v2")).descriptor.digest, other.digest);
      await open()("a").delete(one, { role: "manifest" });
      assert.deepEqual([...bucket.objects.keys()].filter((key) => key.endsWith("v3")), []);
    }));
});
