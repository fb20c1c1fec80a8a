import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { schema1Layers, schema1Payload } from "../../src/spec/schema1.ts";
import { fails } from "../../src/testing/errors.ts";
import { signed, signedSchema1 } from "../support/schema1.ts";

const layer = await digestBytes(utf8("layer"));
const { bytes, payload } = await signedSchema1([layer, layer]);

describe("a manifest of schema 1", () => {
  it("is signed without its signatures", () => {
    assert.deepEqual(schema1Payload(bytes, "x"), payload);
    assert.equal(schema1Payload(payload, "x"), undefined);
  });

  it("names its layers, each once", () => {
    assert.deepEqual(schema1Layers(bytes, "x"), [layer]);
    assert.throws(
      () => schema1Layers(utf8('{"fsLayers":[{"blobSum":"../x"}]}'), "x"),
      fails("invalid-digest"),
    );
    assert.throws(() => schema1Layers(utf8('{"fsLayers":[null]}'), "x"), fails("invalid-digest"));
  });

  it("lends its kind of digest to no other document", () => {
    const descriptor = { mediaType: "x/y", digest: layer, size: 5 };
    const manifest = utf8(JSON.stringify({ schemaVersion: 2, config: descriptor, layers: [] }, null, 3));
    assert.equal(schema1Payload(signed(manifest).bytes, "x"), undefined);
    const both = utf8(
      JSON.stringify({ schemaVersion: 1, fsLayers: [], config: descriptor, layers: [] }, null, 3),
    );
    assert.equal(schema1Payload(signed(both).bytes, "x"), undefined);
  });

  it("with signatures that cannot be read is refused", () => {
    for (
      const signatures of [[], null, "x", [{}], [{ protected: "%" }], [{ protected: "e30" }], [{
        protected: Buffer.from('{"formatLength":-1,"formatTail":""}').toString("base64url"),
      }]]
    ) {
      const document = utf8(JSON.stringify({ schemaVersion: 1, fsLayers: [], signatures }));
      assert.throws(() => schema1Payload(document, "x"), fails("invalid-document"));
    }
  });
});
