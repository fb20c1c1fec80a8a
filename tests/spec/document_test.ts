import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { mediaTypes, parseDescriptor, parseDocument, parseIndex, parseManifest } from "../../src/spec/mod.ts";

const digest = `sha256:${"a".repeat(64)}`;
const layer = { mediaType: mediaTypes.ociLayerGzip, digest, size: 3 };
const config = { mediaType: mediaTypes.ociConfig, digest, size: 2 };
const manifest = { schemaVersion: 2, config, layers: [layer] };
const index = { schemaVersion: 2, manifests: [{ mediaType: mediaTypes.ociManifest, digest, size: 4 }] };
const schema1 = { schemaVersion: 1, name: "a", tag: "b", fsLayers: [], history: [] };
const bytes = (value: unknown) => utf8(JSON.stringify(value));
const kindOf = (value: unknown, mediaType?: string | null) => {
  const document = parseDocument(bytes(value), { mediaType });
  return [document.kind, document.mediaType];
};

describe("parseDocument", () => {
  it("goes by the structure when nobody says what it is", () => {
    for (
      const mediaType of [
        undefined,
        null,
        "",
        "text/plain",
        "application/json; charset=utf-8",
        "application/octet-stream",
        "binary/octet-stream",
      ]
    ) {
      assert.deepEqual(kindOf(manifest, mediaType), ["manifest", mediaTypes.ociManifest]);
      assert.deepEqual(kindOf(index, mediaType), ["index", mediaTypes.ociIndex]);
      assert.deepEqual(kindOf(schema1, mediaType), ["schema1", mediaTypes.dockerSchema1]);
    }
    assert.deepEqual(kindOf({ ...schema1, signatures: [] }), ["schema1", mediaTypes.dockerSchema1Signed]);
  });

  it("goes by the media type inside, then by the one it came with", () => {
    const docker = { ...manifest, mediaType: mediaTypes.dockerManifest };
    assert.deepEqual(kindOf(docker, "application/json"), ["manifest", mediaTypes.dockerManifest]);
    assert.deepEqual(kindOf(manifest, mediaTypes.dockerManifest), ["manifest", mediaTypes.dockerManifest]);
    assert.deepEqual(kindOf(docker, `${mediaTypes.dockerManifest.toUpperCase()} ; charset=utf-8`), [
      "manifest",
      mediaTypes.dockerManifest,
    ]);
    assert.deepEqual(
      kindOf({ ...schema1, mediaType: mediaTypes.dockerSchema1 }, mediaTypes.dockerSchema1Signed),
      [
        "schema1",
        mediaTypes.dockerSchema1Signed,
      ],
    );
  });

  it("refuses a document that says something else than what it came as", () => {
    const pairs: [unknown, string][] = [
      [{ ...manifest, mediaType: mediaTypes.ociManifest }, mediaTypes.dockerManifest],
      [{ ...manifest, mediaType: mediaTypes.ociManifest }, mediaTypes.ociIndex],
      [{ ...schema1, mediaType: mediaTypes.dockerSchema1 }, mediaTypes.ociIndex],
      [manifest, mediaTypes.ociIndex],
      [index, mediaTypes.dockerManifest],
      [manifest, mediaTypes.dockerSchema1],
      [schema1, mediaTypes.ociManifest],
    ];
    for (const [value, mediaType] of pairs) {
      assert.throws(() => kindOf(value, mediaType), { code: "invalid-document" });
    }
  });

  it("refuses a document that is two things at once", () => {
    const both = { ...manifest, ...index };
    for (
      const value of [both, { ...manifest, fsLayers: [] }, { ...index, layers: [] }, {
        ...schema1,
        manifests: [],
      }]
    ) {
      assert.throws(() => kindOf(value), { code: "invalid-document" });
    }
    assert.throws(() => parseManifest(bytes(both)), {
      message: 'parse manifest: "manifests" does not belong in such a document',
    });
    assert.throws(() => parseIndex(bytes(both)), { code: "invalid-document" });
  });

  it("refuses other types, and names them", () => {
    assert.throws(() => kindOf({}, "text/html"), { code: "unsupported", message: /"text\/html"/ });
    assert.throws(() => kindOf({ mediaType: "application/vnd.oci.artifact.manifest.v1+json" }), {
      code: "unsupported",
    });
    assert.throws(() => kindOf({ ...manifest, mediaType: "" }), { code: "unsupported" });
    for (const value of [{}, [], null, 1, "text"]) {
      assert.throws(() => kindOf(value), { code: "invalid-document" });
    }
  });

  it("reads case-sensitively, as the specification does and Go does not", () => {
    assert.throws(() => kindOf({ schemaVersion: 2, Config: config, Layers: [] }), {
      code: "invalid-document",
    });
  });
});

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
