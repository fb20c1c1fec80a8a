import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sleep } from "../../src/http/environment.ts";

describe("sleep", () => {
  it("waits for its time", async () => {
    const before = performance.now();
    await sleep(20, new AbortController().signal);
    assert.ok(performance.now() - before >= 15);
  });

  it("ends with the signal's reason, aborted before or meanwhile", async () => {
    const reason = new Error("changed my mind");
    const abort = new AbortController();
    const sleeping = sleep(60_000, abort.signal);
    abort.abort(reason);
    await assert.rejects(sleeping, reason);
    await assert.rejects(sleep(60_000, abort.signal), reason);
  });
});
