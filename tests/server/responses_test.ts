import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { empty, json, sized } from "../../src/server/responses.ts";

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

  it("of a known length have a stream of the runtime's own where there is one", async () => {
    const bytes = () => new Blob(["abc"]).stream();
    assert.equal(await new Response(sized(bytes(), 3)).text(), "abc");
    const lengths: number[] = [];
    class FixedLengthStream extends TransformStream {
      constructor(length: number) {
        super();
        lengths.push(length);
      }
    }
    Object.assign(globalThis, { FixedLengthStream });
    try {
      assert.equal(await new Response(sized(bytes(), 3)).text(), "abc");
      assert.deepEqual(lengths, [3]);
    } finally {
      Reflect.deleteProperty(globalThis, "FixedLengthStream");
    }
  });
});
