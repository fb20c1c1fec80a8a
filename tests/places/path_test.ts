import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import { pathScheme } from "../../src/places/path.ts";
import { fails } from "../../src/testing/errors.ts";

const scheme = pathScheme({
  prefix: "kind:",
  noun: "a kind",
  pathNoun: "FILE",
  at: () => ({ source: () => memory() }),
  recognizes: () => Promise.resolve(false),
});

describe("pathScheme", () => {
  it("ends the path at the first colon, but for the one of a Windows drive", () => {
    const cases: Record<string, [path: string, name: string | undefined]> = {
      "a": ["a", undefined],
      "./a/b:v1": ["./a/b", "v1"],
      "a:localhost:5000/app:v1": ["a", "localhost:5000/app:v1"],
      "C:\\a:v1": ["C:\\a", "v1"],
      "c:/a": ["c:/a", undefined],
      "c:a": ["c", "a"],
    };
    for (const [rest, expected] of Object.entries(cases)) {
      const { path, name, container } = scheme.parse(rest, `kind:${rest}`);
      assert.deepEqual([path, name], expected);
      assert.equal(container, `kind:${path}`);
    }
  });

  it("says how it is written when there is no path or an empty name", () => {
    for (const rest of ["", ":v1", "a:"]) {
      assert.throws(
        () => scheme.parse(rest, `kind:${rest}`),
        fails("invalid-name", /^open "kind:.*": not kind:FILE or kind:FILE:NAME$/),
      );
    }
  });

  it("refuses a name where all is meant", () => {
    assert.equal(scheme.parseContainer("a", "kind:a").path, "a");
    assert.throws(() => scheme.parseContainer("a:v1", "kind:a:v1"), fails("invalid-name", /all of a kind/));
  });
});
