import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retryDelay } from "../../src/http/retry.ts";

describe("the time until the next try", () => {
  const world = { now: () => Date.parse("2026-01-01T00:00:00Z"), random: () => 0.5 };
  const after = (value: string) => retryDelay(0, new Headers({ "retry-after": value }), world);

  it("doubles", () => {
    assert.deepEqual([0, 1, 2, 10].map((n) => retryDelay(n, undefined, world)), [500, 1000, 2000, 30_000]);
  });

  it("is what the server asks for, within reason", () => {
    assert.equal(after("3"), 3250);
    assert.equal(after("0"), 250);
    assert.equal(after("Thu, 01 Jan 2026 00:00:05 GMT"), 5250);
    for (const absurd of ["1000000000", "Fri, 01 Jan 2038 00:00:00 GMT"]) assert.equal(after(absurd), 60_250);
    for (const nonsense of ["-5", "soon", "", "1.5", "Thu, 01 Jan 1970 00:00:00 GMT", "1e3"]) {
      assert.equal(after(nonsense), 500);
    }
  });
});
