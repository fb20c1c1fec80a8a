import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { HttpError, httpError, httpErrorFrom, orNotFound } from "../../src/server/http_error.ts";

describe("HTTP errors", () => {
  it("hold what is answered", () => {
    const error = httpError(416, "SIZE_INVALID", "too far", { detail: { size: 1 }, headers: { a: "b" } });
    assert.equal(error.message, "too far");
    assert.equal(error.status, 416);
    assert.deepEqual(error.entries, [{ code: "SIZE_INVALID", message: "too far", detail: { size: 1 } }]);
    assert.deepEqual(error.headers, { a: "b" });
  });

  it("are made of other errors without their message", () => {
    const own = httpError(404, "BLOB_UNKNOWN", "gone");
    assert.equal(httpErrorFrom(own), own);
    const denied = httpErrorFrom(new GantryError("denied", "read /srv/secret"));
    assert.equal(denied.status, 403);
    assert.doesNotMatch(JSON.stringify(denied.entries), /srv/);
    assert.equal(httpErrorFrom(new TypeError("x")).status, 500);
    assert.equal(httpErrorFrom("x").status, 500);
  });

  it("say what is missing where something is not found, and nothing else", async () => {
    assert.equal(await orNotFound(Promise.resolve(1), "BLOB_UNKNOWN", "gone"), 1);
    const missing = Promise.reject(new GantryError("not-found", "no"));
    await assert.rejects(orNotFound(missing, "BLOB_UNKNOWN", "gone"), (error) => {
      assert.ok(error instanceof HttpError);
      assert.deepEqual([error.status, error.message], [404, "gone"]);
      return true;
    });
    const other = new GantryError("storage", "full");
    await assert.rejects(orNotFound(Promise.reject(other), "BLOB_UNKNOWN", "gone"), other);
  });
});
