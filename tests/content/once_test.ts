import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Once } from "../../src/content/once.ts";

describe("Once", () => {
  it("works once for all who ask", async () => {
    let runs = 0;
    const once = new Once(() => Promise.resolve(++runs));
    assert.deepEqual(await Promise.all([once.get(), once.get()]), [1, 1]);
    assert.equal(await once.get(), 1);
  });

  it("forgets a failure", async () => {
    let runs = 0;
    const once = new Once(() => ++runs === 1 ? Promise.reject(new Error("first")) : Promise.resolve(runs));
    await assert.rejects(once.get(), /first/);
    assert.equal(await once.get(), 2);
  });

  it("goes on while one of several still waits", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const signals: AbortSignal[] = [];
    const once = new Once((signal) => (signals.push(signal), promise));
    const [stays, leaves] = [new AbortController(), new AbortController()];
    const staying = once.get(stays.signal);
    const leaving = once.get(leaves.signal);
    leaves.abort(new Error("bye"));
    await assert.rejects(leaving, /bye/);
    assert.equal(signals[0]!.aborted, false);
    resolve("done");
    assert.equal(await staying, "done");
  });

  it("aborts the work when the last one leaves, and starts afresh for the next", async () => {
    const signals: AbortSignal[] = [];
    const once = new Once((signal) => {
      signals.push(signal);
      return signals.length > 1 ? Promise.resolve("second") : new Promise<string>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    const abort = new AbortController();
    const waiting = once.get(abort.signal);
    const reason = new Error("enough");
    abort.abort(reason);
    await assert.rejects(waiting, reason);
    assert.equal(signals[0]!.reason, reason);
    assert.equal(await once.get(), "second");
  });

  it("does not begin for one who has left already", async () => {
    let runs = 0;
    const once = new Once(() => Promise.resolve(++runs));
    await assert.rejects(once.get(AbortSignal.abort(new Error("too late"))), /too late/);
    assert.equal(runs, 0);
  });
});
