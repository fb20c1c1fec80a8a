import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { delayedAbort } from "../../src/http/delayed_abort.ts";
import { sleep } from "../../src/http/environment.ts";

describe("a delayed abort", () => {
  it("comes some time after the caller's, with the same reason", async () => {
    const reason = new Error("changed my mind");
    const caller = new AbortController();
    const late = delayedAbort(caller.signal, 5);
    caller.abort(reason);
    assert.equal(late.signal.aborted, false);
    await sleep(30);
    assert.equal(late.signal.reason, reason);
  });

  it("comes for a signal that was aborted before", async () => {
    const late = delayedAbort(AbortSignal.abort(), 5);
    assert.equal(late.signal.aborted, false);
    await sleep(30);
    assert.ok(late.signal.aborted);
  });

  it("does not come once it is closed, nor without a signal", async () => {
    const caller = new AbortController();
    const late = delayedAbort(caller.signal, 5);
    caller.abort();
    late.close();
    await sleep(20);
    assert.equal(late.signal.aborted, false);
    delayedAbort(undefined, 5).close();
  });
});
