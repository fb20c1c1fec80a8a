import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { periodicYield, yieldToEventLoop, yieldToThreads } from "../src/event_loop.ts";

describe("yieldToEventLoop", () => {
  for (const [name, yieldNow] of Object.entries({ yieldToEventLoop, yieldToThreads })) {
    it(`lets timers run, which promises alone do not: ${name}`, async () => {
      let ran = false;
      setTimeout(() => ran = true, 1);
      const end = performance.now() + 5;
      while (performance.now() < end) await Promise.resolve();
      assert.equal(ran, false);
      while (!ran && performance.now() < end + 5000) await yieldNow();
      assert.equal(ran, true);
    });
  }

  it("does so where there is neither setImmediate nor a MessageChannel", async () => {
    const { setImmediate, MessageChannel } = globalThis;
    const without = async (...names: string[]) => {
      for (const name of names) delete (globalThis as Record<string, unknown>)[name];
      try {
        await yieldToEventLoop();
      } finally {
        Object.assign(globalThis, { setImmediate, MessageChannel });
      }
    };
    await without("setImmediate");
    await without("setImmediate", "MessageChannel");
  });
});

describe("periodicYield", () => {
  it("yields only when some time has passed", async () => {
    const yieldNow = periodicYield();
    assert.equal(yieldNow(), undefined);
    await new Promise((resolve) => setTimeout(resolve, 15));
    await (yieldNow() ?? assert.fail("it did not yield"));
    assert.equal(yieldNow(), undefined);
  });
});
