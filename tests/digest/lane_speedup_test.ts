import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StreamEngine } from "../../src/digest/engine.ts";
import { laneSpeedup } from "../../src/digest/lane_speedup.ts";

/** An engine that counts what it is asked. */
function counting(name: string, update: () => void) {
  const seen = { created: 0 };
  const engine: StreamEngine = {
    name,
    available: () => true,
    create() {
      seen.created++;
      return { update, digest: () => Promise.reject(new Error("not measured")) };
    },
  };
  return { engine, seen };
}

describe("laneSpeedup", () => {
  it("measures once, also when several ask at the same time", async () => {
    const { engine, seen } = counting("free of cost", () => {});
    const [first, second] = await Promise.all([laneSpeedup(engine), laneSpeedup(engine)]);
    assert.equal(first, second);
    assert.equal(await laneSpeedup(engine), first);
    assert.equal(seen.created, 1);
    assert.ok(first >= 0 && first < 1, `${first} times as fast as nothing at all`);
  });

  it("is 0 where the measurement fails", async () => {
    const { engine } = counting("broken", () => {
      throw new Error("broken");
    });
    assert.equal(await laneSpeedup(engine), 0);
  });
});
