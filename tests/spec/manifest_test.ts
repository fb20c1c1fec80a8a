import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { mediaTypes, parseIndex, parseManifest } from "../../src/spec/mod.ts";

const digest = `sha256:${"a".repeat(64)}`;
const layer = { mediaType: mediaTypes.ociLayerGzip, digest, size: 3 };
const config = { mediaType: mediaTypes.ociConfig, digest, size: 2 };
const manifest = { schemaVersion: 2, config, layers: [layer] };
const index = { schemaVersion: 2, manifests: [{ mediaType: mediaTypes.ociManifest, digest, size: 4 }] };
const bytes = (value: unknown) => utf8(JSON.stringify(value));

describe("parseManifest", () => {
  it("keeps fields it does not know, in order", () => {
    const value = { x: 1, ...manifest, config: { ...config, y: [2] }, z: { "2": 1, "1": 2 } };
    assert.deepEqual(parseManifest(bytes(value)), value);
    assert.deepEqual(Object.keys(parseManifest(bytes(value))), Object.keys(value));
  });

  it("takes null for a field that is not there", () => {
    const value = {
      ...manifest,
      annotations: null,
      subject: null,
      config: { ...config, urls: null, platform: null },
    };
    assert.deepEqual(parseManifest(bytes(value)), manifest);
  });

  it("says what is wrong, and where", () => {
    const problems: [object, string][] = [
      [{ ...manifest, schemaVersion: 1 }, 'parse m: "schemaVersion" is not 2'],
      [{ ...manifest, schemaVersion: "2" }, 'parse m: "schemaVersion" is not 2'],
      [{ ...manifest, config: null }, "parse the config of m: not an object"],
      [{ ...manifest, layers: null }, 'parse m: no "layers"'],
      [{ ...manifest, layers: {} }, 'parse m: "layers" is not a list'],
      [
        { ...manifest, layers: [layer, { ...layer, size: -1 }] },
        'parse layer 1 of m: "size" is not a whole number from 0 to 2^53 - 1',
      ],
      [
        { ...manifest, layers: [{ ...layer, urls: "a" }] },
        'parse layer 0 of m: "urls" is not a list of strings',
      ],
      [{ ...manifest, subject: {} }, 'parse the subject of m: no "mediaType"'],
      [{ ...manifest, annotations: { a: 1 } }, 'parse m: "annotations" is not a map of strings'],
      [
        { ...manifest, mediaType: mediaTypes.ociIndex },
        'parse m: "mediaType" is not the media type of such a document',
      ],
    ];
    for (const [value, message] of problems) {
      assert.throws(() => parseManifest(bytes(value), "m"), { message });
    }
  });

  it("does not take what is inherited for a field", () => {
    assert.throws(() => parseManifest(utf8('{"__proto__":{"schemaVersion":2,"config":{},"layers":[]}}')), {
      code: "invalid-document",
    });
  });
});

describe("parseIndex", () => {
  it("reads the platforms of manifests", () => {
    const platform = { os: "linux", architecture: "arm", variant: "v7", "os.features": ["a"], x: 1 };
    const value = { ...index, manifests: [{ ...index.manifests[0], platform }] };
    assert.deepEqual(parseIndex(bytes(value)), value);
  });

  it("refuses an index without a list", () => {
    for (const value of [{ schemaVersion: 2 }, { ...index, manifests: null }, { ...index, manifests: {} }]) {
      assert.throws(() => parseIndex(bytes(value)), { code: "invalid-document" });
    }
  });
});
