import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Slots } from "../../src/content/slots.ts";

describe("Slots", () => {
  it("lets so many work at once and the others in order", async () => {
    const slots = new Slots(2);
    const order: number[] = [];
    let working = 0, most = 0;
    await Promise.all([0, 1, 2, 3, 4].map((n) =>
      slots.run(async () => {
        most = Math.max(most, ++working);
        await new Promise((resolve) => setTimeout(resolve, 1));
        order.push(n);
        working--;
      })
    ));
    assert.equal(most, 2);
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
  });

  it("gives a place back when work fails, and only once", async () => {
    const slots = new Slots(1);
    await assert.rejects(slots.run(() => Promise.reject(new Error("failed"))), /failed/);
    const release = await slots.take();
    release();
    release();
    const held = await slots.take();
    const abort = new AbortController();
    const second = slots.take(abort.signal);
    abort.abort(new Error("left the queue"));
    await assert.rejects(second, /left the queue/);
    held();
    (await slots.take())();
  });

  it("needs a whole number of places", () => {
    for (const count of [0, -1, 1.5, NaN]) assert.throws(() => new Slots(count), RangeError);
  });
});
