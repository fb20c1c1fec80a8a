import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { roleOf } from "../../src/content/role.ts";
import { mediaTypes } from "../../src/spec/mod.ts";

describe("the role of bytes", () => {
  it("is what the caller says, else manifest for documents and blob for all else", () => {
    assert.equal(roleOf({ mediaType: mediaTypes.ociIndex }), "manifest");
    assert.equal(roleOf({ mediaType: mediaTypes.ociIndex }, "blob"), "blob");
    assert.equal(roleOf({ mediaType: mediaTypes.ociConfig }), "blob");
    assert.equal(roleOf({}), "blob");
  });
});
