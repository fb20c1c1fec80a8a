import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sleep } from "../../src/http/environment.ts";
import { defaultRetryPolicy, Tries } from "../../src/http/retry.ts";

/** The tries of a call, and a clock that moves with the waiting. */
function tried({ random = 0.5, ...retry }: Partial<typeof defaultRetryPolicy> & { random?: number } = {}) {
  const clock = { now: Date.parse("2026-01-01T00:00:00Z") };
  const tries = new Tries({
    retry: { ...defaultRetryPolicy, ...retry },
    timeouts: { total: 90_000 },
    environment: {
      now: () => clock.now,
      random: () => random,
      sleep: (ms) => Promise.resolve(void (clock.now += ms)),
    },
  });
  return { clock, tries };
}
const after = (value: string) => new Headers({ "retry-after": value });

describe("the time until the next try", () => {
  it("doubles up to a limit, give or take a half", () => {
    const { tries } = tried({ retries: 10, longestDelay: 3000 });
    assert.deepEqual([1, 2, 3, 4, 5].map(() => tries.next()), [500, 1000, 2000, 3000, 3000]);
    assert.equal(tried({ random: 0 }).tries.next(), 250);
    assert.equal(tried({ random: 1 }).tries.next(), 750);
  });

  it("is what the server asks for, in seconds or as a date", () => {
    assert.equal(tried().tries.next(after("3")), 3250);
    assert.equal(tried().tries.next(after("0")), 250);
    assert.equal(tried().tries.next(after("Thu, 01 Jan 2026 00:00:05 GMT")), 5250);
    for (const nonsense of ["-5", "soon", "", "1.5", "Thu, 01 Jan 1970 00:00:00 GMT", "1e3"]) {
      assert.equal(tried().tries.next(after(nonsense)), 500, nonsense);
    }
  });

  it("is never, where the server asks for more than is waited", () => {
    for (const absurd of ["61", "1000000000", "Fri, 01 Jan 2038 00:00:00 GMT"]) {
      assert.equal(tried().tries.next(after(absurd)), undefined, absurd);
    }
    assert.equal(tried({ longestRetryAfter: 61_000 }).tries.next(after("61")), 61_250);
  });
});

describe("the tries of a call", () => {
  it("are counted", () => {
    const { tries } = tried({ retries: 2 });
    assert.deepEqual([1, 2, 3].map(() => tries.next() !== undefined), [true, true, false]);
  });

  it("end before the next one could take longer than all may", async () => {
    const { clock, tries } = tried({ retries: 100 });
    let count = 0;
    do {
      count++;
      clock.now += 25_000;
    } while (await tries.again({}));
    assert.equal(count, 3);
    const { tries: asked } = tried({ retries: 100 });
    assert.equal(await asked.again({ headers: after("50") }), true);
    assert.equal(await asked.again({ headers: after("50") }), false, "100 s are more than 90");
  });

  it("tell how long the one under way may take", () => {
    const { clock, tries } = tried();
    assert.equal(tries.left, 90_000);
    clock.now += 80_000;
    assert.equal(tries.left, 10_000);
    clock.now += 80_000;
    assert.equal(tries.left, 1);
  });

  it("begin anew when something came of one", () => {
    const { clock, tries } = tried({ retries: 1 });
    tries.next();
    clock.now += 89_000;
    assert.equal(tries.next(), undefined);
    tries.progressed();
    assert.equal(tries.left, 90_000);
    assert.equal(tries.next(), 500);
  });

  it("are not waited for by who has stopped", async () => {
    const abort = new AbortController();
    const tries = new Tries({
      retry: defaultRetryPolicy,
      timeouts: { total: 90_000 },
      environment: { now: Date.now, random: Math.random, sleep },
    });
    const reason = new Error("changed my mind");
    const waiting = tries.again({ headers: after("30"), signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(waiting, reason);
  });
});
