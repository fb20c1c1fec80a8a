import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { checkLayoutVersion, isRefName, parseLayoutIndex } from "../../src/spec/layout.ts";

describe("the name of an entry of a layout", () => {
  it("may be a tag or a whole reference, but no digest", () => {
    for (const name of ["v1", "docker.io/library/alpine:3.20", "a@b", "x".repeat(255)]) {
      assert.ok(isRefName(name), name);
    }
    for (const name of ["", "-x", "a b", "x".repeat(256), `sha256:${"0".repeat(64)}`]) {
      assert.ok(!isRefName(name), name);
    }
  });
});

describe("an index.json", () => {
  it("may say null for an empty list", () => {
    const bytes = utf8(`{"schemaVersion":2,"manifests":null}`);
    assert.deepEqual(parseLayoutIndex(bytes, "index.json").manifests, []);
  });

  it("is refused when it is something else", () => {
    for (const text of ["null", "[]", `{"schemaVersion":2}`]) {
      assert.throws(() => parseLayoutIndex(utf8(text), "index.json"), { code: "invalid-document" });
    }
  });
});

describe("an oci-layout", () => {
  it("must say the version that is known", () => {
    checkLayoutVersion(utf8(`{"imageLayoutVersion":"1.0.0"}`), "oci-layout", "open it: its version");
    const check = (text: string) => () =>
      checkLayoutVersion(utf8(text), "oci-layout", "open it: its version");
    assert.throws(check(`{"imageLayoutVersion":"2.0.0"}`), {
      code: "unsupported",
      message: `open it: its version is "2.0.0", expected "1.0.0"`,
    });
    assert.throws(check("{}"), { code: "invalid-document" });
    assert.throws(check("null"), { code: "invalid-document" });
  });
});
