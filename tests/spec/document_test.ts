import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { mediaTypes, parseDocument, parseIndex, parseManifest } from "../../src/spec/mod.ts";

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
