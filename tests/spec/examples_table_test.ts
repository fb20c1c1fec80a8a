import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { mediaTypes, parseConfig, parseDescriptor, parseDocument, parseJson } from "../../src/spec/mod.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { Decided } from "./decided.ts";
import { schemas } from "./schemas.ts";

interface Case {
  source: string;
  mediatype?: string;
  document: string;
  json_ok: boolean;
}

describe("oci-spec-examples table", needsFixtures, () => {
  const cases = table<Case>("oci-spec-examples");
  const isValid = schemas();
  const bytes = (key: string) => utf8(cases[Number(key.split(" ")[1])]!.document);
  const decided = new Decided("oci-spec-examples", {
    "oci-spec-examples 6": () =>
      assert.throws(() => parseDocument(bytes("oci-spec-examples 6")), { code: "invalid-digest" }),
    "oci-spec-examples 7": () =>
      assert.throws(() => parseConfig(bytes("oci-spec-examples 7")), {
        code: "invalid-document",
        message: /no "rootfs"/,
      }),
    "oci-spec-examples 8": () =>
      assert.throws(() => parseDocument(bytes("oci-spec-examples 8")), { code: "invalid-digest" }),
  });

  for (const [i, c] of cases.entries()) {
    const key = `oci-spec-examples ${i}`;
    it(`${key}: ${c.source} reads`, () => {
      if (decided.has(key)) return;
      const value = parseJson(utf8(c.document), key) as Record<string, unknown>;
      assert.deepEqual(value, JSON.parse(c.document));
      if ("digest" in value) {
        assert.deepEqual(parseDescriptor(value, key), JSON.parse(c.document));
        return assert.ok(isValid("descriptor", value));
      }
      const document = parseDocument(utf8(c.document), { mediaType: c.mediatype });
      const index = "manifests" in value;
      assert.equal(document.kind, index ? "index" : "manifest");
      assert.equal(document.mediaType, value["mediaType"] ?? mediaTypes.ociManifest);
      assert.ok(isValid(index ? "imageIndex" : "manifest", value));
    });
  }

  it("has a case for each decision", () => decided.allSeen());
});
