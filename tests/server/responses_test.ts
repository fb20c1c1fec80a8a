import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { empty, json } from "../../src/server/responses.ts";

describe("responses", () => {
  it("without a body have a length of 0 where their status may have one", () => {
    assert.equal(empty(202).headers.get("content-length"), "0");
    assert.equal(empty(204).headers.get("content-length"), null);
    assert.equal(empty(304, { etag: "x" }).headers.get("etag"), "x");
    assert.equal(empty(304).headers.get("content-length"), null);
  });

  it("of JSON count bytes, not characters, and may have another type", async () => {
    const response = json({ a: "ä" }, 201, { "content-type": "application/x" });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("content-length"), "10");
    assert.equal(response.headers.get("content-type"), "application/x");
    assert.deepEqual(await response.json(), { a: "ä" });
  });
});
