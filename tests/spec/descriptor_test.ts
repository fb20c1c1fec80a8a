import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { mediaTypes, parseDescriptor, parseManifest } from "../../src/spec/mod.ts";

const digest = `sha256:${"a".repeat(64)}`;
const layer = { mediaType: mediaTypes.ociLayerGzip, digest, size: 3 };
const config = { mediaType: mediaTypes.ociConfig, digest, size: 2 };
const manifest = { schemaVersion: 2, config, layers: [layer] };

describe("parseDescriptor", () => {
  const parse = (more: object) => parseDescriptor({ ...layer, ...more }, "d");

  it("wants sizes that are safe whole numbers", () => {
    for (const size of [0, 1, 2 ** 53 - 1]) assert.equal(parse({ size }).size, size);
    for (const size of [-1, 1.5, 2 ** 53, "3", NaN, Infinity, [3], true]) {
      assert.throws(() => parse({ size }), { code: "invalid-document" });
    }
    for (const size of ["9007199254740993", "1e400", "0.5", "-0"]) {
      const text = JSON.stringify({ ...manifest, layers: [{ ...layer, size: 0 }] }).replace(
        '"size":0',
        `"size":${size}`,
      );
      assert.throws(() => parseManifest(utf8(text)), { code: "invalid-document" }, size);
    }
  });

  it("wants data of that size", () => {
    assert.equal(parse({ data: "YWJj" }).data, "YWJj");
    assert.equal(parse({ size: 0, data: "" }).data, "");
    for (const data of ["YWJ", "YW==", "YWJjZA==", "YW Jj", "YWJ-", "===="]) {
      assert.throws(() => parse({ data }), {
        code: "invalid-document",
        message: /"data" is not 3 bytes in base64/,
      });
    }
  });

  it("wants digests that can be computed", () => {
    assert.throws(() => parse({ digest: "sha256:abc" }), {
      code: "invalid-digest",
      message: /^parse d: parse digest "sha256:abc"/,
    });
    assert.throws(() => parse({ digest: `blake3:${"a".repeat(64)}` }), { code: "unsupported" });
    assert.throws(() => parse({ digest: 1 }), { code: "invalid-document" });
  });

  it("wants media types that are some", () => {
    for (const mediaType of ["", "a", "a/", "/b", "a/b/c", "a b/c", "a/b;c=d"]) {
      assert.throws(() => parse({ mediaType }), { code: "invalid-document" }, mediaType);
    }
  });
});
