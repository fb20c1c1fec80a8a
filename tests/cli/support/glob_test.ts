import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isLike } from "../../../src/cli/support/glob.ts";

describe("a pattern", () => {
  const cases: [text: string, pattern: string, like: boolean][] = [
    ["v1.2", "v*", true],
    ["v1.2", "v?.?", true],
    ["v12", "v?.?", false],
    ["v1.2-rc", "*-rc*", true],
    ["xv1", "v*", false],
    ["v1x2", "v1.2", false],
    ["a+b", "a+b", true],
    ["", "*", true],
    ["a(b", "a(*", true],
  ];
  for (const [text, pattern, like] of cases) {
    it(`${JSON.stringify(pattern)} ${like ? "is" : "is not"} like ${JSON.stringify(text)}`, () =>
      assert.equal(isLike(text, pattern), like));
  }
});
