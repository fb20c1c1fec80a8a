import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deferred } from "../src/deferred.ts";

describe("deferred", () => {
  it("is settled by others, once", async () => {
    const kept = deferred<number>();
    kept.resolve(1);
    kept.resolve(2);
    assert.equal(await kept.promise, 1);
    const broken = deferred();
    broken.reject(new Error("broken"));
    await assert.rejects(broken.promise, /broken/);
  });
});
