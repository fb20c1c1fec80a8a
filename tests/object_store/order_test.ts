import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compareBytes, lowerBound } from "../../src/object_store/order.ts";

const texts = fc.string({ unit: "binary" });

describe("texts", () => {
  it("are compared as their bytes are", () => {
    fc.assert(fc.property(texts, texts, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareBytes(a, b)), expected);
    }));
  });

  it("are found in a list", () => {
    fc.assert(fc.property(fc.array(texts), texts, (list, text) => {
      const sorted = [...list].sort(compareBytes);
      const at = lowerBound(sorted, text, (one) => one);
      assert.ok(sorted.slice(0, at).every((one) => compareBytes(one, text) < 0));
      assert.ok(sorted.slice(at).every((one) => compareBytes(one, text) >= 0));
    }));
  });
});
