import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sleep } from "../../src/http/environment.ts";
import { Timeout } from "../../src/http/timeout.ts";

const late = new Error("too late");

describe("a timeout", () => {
  it("aborts its signal when the time is over", async () => {
    const timeout = new Timeout(undefined, () => late);
    timeout.start(5);
    await sleep(30);
    assert.equal(timeout.signal.reason, late);
  });

  it("counts from the last start, and not while it is stopped or after it is closed", async () => {
    const timeout = new Timeout(undefined, () => late);
    timeout.start(5);
    timeout.start(10_000);
    await sleep(20);
    timeout.start(5);
    timeout.stop();
    await sleep(20);
    timeout.start(5);
    timeout.close();
    await sleep(20);
    assert.equal(timeout.signal.aborted, false);
  });

  it("aborts with the caller, before or after it is made, but not once it is closed", () => {
    const reason = new Error("changed my mind");
    const caller = new AbortController();
    const timeout = new Timeout(caller.signal, () => late);
    const closed = new Timeout(caller.signal, () => late);
    closed.close();
    timeout.start(10_000);
    caller.abort(reason);
    assert.equal(timeout.signal.reason, reason);
    assert.equal(closed.signal.aborted, false);
    assert.equal(new Timeout(caller.signal, () => late).signal.reason, reason);
  });
});
