import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { fake, type Reply } from "./fake.ts";

const get = "GET /v2/app/manifests/v1";
const found: Reply = {
  headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
  body: '{"schemaVersion":2,"manifests":[]}',
};

describe("what fails for the moment", () => {
  it("is tried again, three times", async () => {
    for (const status of [408, 429, 499, 500, 502, 503, 504, 522]) {
      const { app, seen, slept } = fake({ [get]: [{ status }, { status }, { status }, found] });
      await app.resolve("v1", { document: true });
      assert.equal(seen.length, 4);
      assert.deepEqual(slept, [500, 1000, 2000]);
      const never = fake({ [get]: { status } });
      const code: ErrorCode = status === 429 ? "rate-limited" : "unavailable";
      await assert.rejects(
        never.app.resolve("v1", { document: true }),
        (error) => GantryError.is(error, code),
      );
      assert.equal(never.seen.length, 4);
    }
  });

  it("is not tried again when it will stay so", async () => {
    for (const status of [400, 404, 405, 410, 418, 501, 505]) {
      const { app, seen } = fake({ [get]: { status } });
      await assert.rejects(app.resolve("v1", { document: true }));
      assert.equal(seen.length, 1, `${status}`);
    }
  });

  it("may be the connection", async () => {
    const fails = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
    const { app } = fake({ [get]: [{ fails }, found] });
    await app.resolve("v1", { document: true });
    const never = fake({ [get]: { fails } });
    await assert.rejects(never.app.resolve("v1", { document: true }), (error: Error) => {
      assert.equal(
        error.message,
        "resolve reg.test/app:v1: no answer from reg.test: the connection is refused",
      );
      assert.deepEqual(error.cause, { host: "reg.test", reason: "refused", error: fails });
      return GantryError.is(error, "unavailable");
    });
  });

  it("tells no signed address that a runtime puts into its message", async () => {
    const fails = new TypeError("error sending request for url (https://s3.test/x?X-Amz-Signature=abc)");
    const { app } = fake({ [get]: { fails } });
    await assert.rejects(app.resolve("v1", { document: true }), (error: Error) => {
      assert.doesNotMatch(JSON.stringify([error.message, String(error.cause)]), /abc/);
      return true;
    });
  });

  it("may be the token server", async () => {
    const { app, slept } = fake({
      [get]: [{ status: 401, headers: { "www-authenticate": 'Bearer realm="/t"' } }, found],
      "GET /t?scope=repository%3Aapp%3Apull": [{ status: 503 }, { status: 429 }, { body: '{"token":"t"}' }],
    });
    await app.resolve("v1", { document: true });
    assert.equal(slept.length, 2);
  });

  it("is left alone once the caller has lost interest", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    const { app, seen } = fake({
      [get]: () => {
        abort.abort(reason);
        return { status: 503 };
      },
    });
    await assert.rejects(app.resolve("v1", { document: true, signal: abort.signal }), reason);
    assert.equal(seen.length, 1);
  });
});
