import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Marks } from "../../src/objects/marks.ts";

describe("marks", () => {
  it("never forget a word, and seldom know one that was not marked", () => {
    for (const salt of [0, 1, -1, 123_456_789, -2_000_000_000]) {
      const marks = new Marks(20_000, salt);
      for (let n = 0; n < 10_000; n++) marks.add(`acme/app@sha256:${n}`);
      let wrong = 0;
      for (let n = 0; n < 10_000; n++) {
        assert.ok(marks.has(`acme/app@sha256:${n}`));
        if (marks.has(`acme/other@sha256:${n}`)) wrong++;
      }
      // Sixteen bits each: one in a thousand.
      assert.ok(wrong < 50, `${wrong} of 10,000 with salt ${salt}`);
      const again = new Marks(marks.bytes, salt);
      assert.ok(again.has("acme/app@sha256:0"));
    }
  });
});
