import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { globSource } from "../../src/spec/glob.ts";

describe("globSource", () => {
  const wildcards = { "*": "[^/]*", "**": ".*", "**/": "(?:.*/)?", "?": "[^/]" };
  const matches = (pattern: string, text: string) =>
    new RegExp(`^${globSource(pattern, wildcards)}$`, "su").test(text);

  it("takes the longest wildcard at a place", () => {
    const cases: [pattern: string, text: string, expected: boolean][] = [
      ["a/*", "a/b", true],
      ["a/*", "a/b/c", false],
      ["a/**", "a/b/c", true],
      ["**/c", "c", true],
      ["**/c", "a/b/c", true],
      ["?", "a", true],
      ["?", "/", false],
      ["", "", true],
    ];
    for (const [pattern, text, expected] of cases) assert.equal(matches(pattern, text), expected, pattern);
  });

  it("takes all else for what it is", () => {
    const text = String.raw`a.b+c^d$e(f)g[h]i{j}k|l\m-n,o/é`;
    assert.ok(matches(text, text));
    assert.equal(matches("a.b", "axb"), false);
    assert.equal(globSource("a*b", { "?": "." }), String.raw`a\*b`);
  });
});
