import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FourLanes, SharedLanes } from "../../src/digest/shared_lanes.ts";

/** Notes how many bytes of each lane come together, in steps. */
function recording(fail?: Error) {
  const steps: (number | undefined)[][] = [];
  const four: FourLanes = {
    update4(chunks) {
      if (fail) throw fail;
      steps.push([0, 1, 2, 3].map((lane) => chunks[lane]?.byteLength));
    },
    digest: () => new Uint8Array(32),
  };
  return { steps, shared: new SharedLanes(four, () => undefined) };
}

const bytes = (length: number) => new Uint8Array(length);

describe("SharedLanes", () => {
  it("hashes together what lanes bring at the same time, as far as all have some", async () => {
    const { steps, shared } = recording();
    await shared.update(0, bytes(1)); // Nothing is known of the others yet.
    await Promise.all([shared.update(0, bytes(10)), shared.update(1, bytes(30))]);
    await Promise.all([shared.update(1, bytes(20)), shared.update(0, bytes(20))]);
    const none = undefined;
    assert.deepEqual(steps, [
      [1, none, none, none],
      [10, 10, none, none],
      [none, 20, none, none],
      [20, 20, none, none],
    ]);
  });

  it("waits for a lane that stalls only once", async () => {
    const { steps, shared } = recording();
    await Promise.all([shared.update(0, bytes(5)), shared.update(1, bytes(5))]);
    await shared.update(0, bytes(6));
    await shared.update(0, bytes(7));
    assert.deepEqual(steps.slice(-2).map(([first]) => first), [6, 7]);
  });

  it("rejects the update of a lane that is given up, and those that fail", async () => {
    const { shared } = recording();
    await Promise.all([shared.update(0, bytes(5)), shared.update(1, bytes(5))]);
    const update = shared.update(0, bytes(5));
    shared.leave(0);
    await assert.rejects(update, /the hash was given up/);
    const broken = new Error("broken");
    await assert.rejects(recording(broken).shared.update(2, bytes(5)), broken);
  });

  for (const taken of [false, true]) {
    it(`goes on when a lane is given up${taken ? ", and taken by another," : ""} while it is hashed`, async () => {
      const begun = Promise.withResolvers<void>(), hashing = Promise.withResolvers<void>();
      const lengths: (number | undefined)[] = [];
      const shared = new SharedLanes({
        update4([first]) {
          lengths.push(first?.byteLength);
          begun.resolve();
          return hashing.promise;
        },
        digest: () => new Uint8Array(32),
      }, () => undefined);
      const given = assert.rejects(shared.update(0, bytes(5)), /the hash was given up/);
      const other = shared.update(1, bytes(5));
      await begun.promise;
      shared.leave(0);
      const next = taken ? shared.update(0, bytes(9)) : undefined;
      hashing.resolve();
      await Promise.all([given, other, next]);
      assert.deepEqual(lengths.slice(1).filter((length) => length), taken ? [9] : []);
    });
  }

  it("takes nothing without a step", async () => {
    const { steps, shared } = recording();
    await shared.update(3, bytes(0));
    assert.deepEqual(steps, []);
  });
});
