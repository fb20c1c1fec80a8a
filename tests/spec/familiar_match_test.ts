import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { familiarMatch, parseReference } from "../../src/spec/mod.ts";

describe("familiarMatch", () => {
  const matches = (pattern: string, name: string) => familiarMatch(pattern, parseReference(name));

  it("knows stars, question marks, sets and escapes", () => {
    assert.ok(matches("alp*", "docker.io/library/alpine:3"));
    assert.ok(matches("alpine:3.?", "alpine:3.9"));
    assert.ok(matches("alpine:[1-3].[^0-8]", "alpine:3.9"));
    assert.ok(matches("[\\a]lpine", "alpine"));
    assert.ok(matches("\\alpine", "alpine"));
    assert.ok(matches("*/app", "ghcr.io/app"));
    assert.equal(matches("*", "ghcr.io/app"), false);
    assert.equal(matches("ghcr.io?app", "ghcr.io/app"), false);
    assert.equal(matches("ghcr.io[^a]app", "ghcr.io/app"), false);
    assert.equal(matches("alp", "alpine"), false);
    assert.equal(matches("a.pine", "alpine"), false);
  });

  it("refuses broken patterns", () => {
    for (const pattern of ["[", "[]", "[a", "a\\", "[z-a]"]) {
      assert.throws(() => matches(pattern, "alpine"), { code: "invalid-name" }, pattern);
    }
  });

  it("does not take long for many stars", () => {
    assert.equal(matches(`${"*a".repeat(60)}!`, "a".repeat(250)), false);
  });
});
