import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sleep } from "../../src/http/environment.ts";
import { KeyedLock } from "../../src/registry/keyed_lock.ts";

describe("a lock for each key", () => {
  it("runs work under one key in order, one at a time, after failures too", async () => {
    const lock = new KeyedLock();
    const events: string[] = [];
    const work = (name: string, fails = false) => async () => {
      events.push(`${name} begins`);
      await sleep(5);
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
    const results = await Promise.allSettled([
      lock.run("key", work("a")),
      lock.run("key", work("b", true)),
      lock.run("key", work("c")),
    ]);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    assert.deepEqual(events, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("does not order work under different keys", async () => {
    const lock = new KeyedLock();
    const never = lock.run("a", () => new Promise(() => {}));
    assert.equal(await lock.run("b", () => Promise.resolve(1)), 1);
    void never;
  });
});
