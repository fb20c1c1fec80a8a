import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  acceptedDocuments,
  isConfigType,
  isDockerType,
  isDocumentType,
  isForeignType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  mediaTypes,
} from "../../src/spec/mod.ts";

const named = (predicate: (mediaType: string) => boolean) =>
  Object.entries(mediaTypes).flatMap(([name, mediaType]) => predicate(mediaType) ? [name] : []);

describe("media types", () => {
  it("fall into documents, configs and layers", () => {
    assert.deepEqual(named(isManifestType), ["ociManifest", "dockerManifest"]);
    assert.deepEqual(named(isIndexType), ["ociIndex", "dockerIndex"]);
    assert.deepEqual(named(isSchema1Type), ["dockerSchema1", "dockerSchema1Signed"]);
    assert.deepEqual(named(isConfigType), ["ociConfig", "dockerConfig"]);
    assert.deepEqual(named(isLayerType), Object.keys(mediaTypes).filter((name) => /Layer/.test(name)));
    assert.deepEqual(
      named(isForeignType),
      Object.keys(mediaTypes).filter((name) => /ForeignLayer/.test(name)),
    );
    assert.deepEqual(
      named(isDockerType),
      Object.keys(mediaTypes).filter((name) => name.startsWith("docker")),
    );
  });

  it("are layers only in the forms that the specifications know", () => {
    for (const suffix of ["+invalid-suffix", "+gzip+encrypted", ".gzip.", "\n"]) {
      assert.equal(isLayerType(mediaTypes.ociLayer + suffix), false);
    }
  });

  it("of documents are all asked for, indexes first", () => {
    assert.deepEqual(new Set(acceptedDocuments), new Set(Object.values(mediaTypes).filter(isDocumentType)));
    assert.ok(acceptedDocuments.slice(0, 2).every(isIndexType));
  });
});
