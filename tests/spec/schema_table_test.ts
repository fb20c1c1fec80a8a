import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { parseConfig, parseDescriptor, parseIndex, parseJson, parseManifest } from "../../src/spec/mod.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { Decided } from "./decided.ts";
import { type Kind, schemas } from "./schemas.ts";

const parsers: Record<Kind, (bytes: Uint8Array) => unknown> = {
  config: parseConfig,
  descriptor: (bytes) => parseDescriptor(parseJson(bytes, "descriptor"), "descriptor"),
  imageIndex: parseIndex,
  manifest: parseManifest,
  // Read by the layout room; the schema alone is asked here.
  imageLayout: () => {},
};

/** By number, as the cases have no names. */
const emptyLayers = "oci-schema 2";
const envWithoutValue = "oci-schema 8";
const upperCaseDigest = "oci-schema 24";
const unknownAlgorithm = "oci-schema 28";
const brokenBase64 = "oci-schema 30";

describe("oci-schema table", needsFixtures, () => {
  const cases = table<{ kind: Kind; document: string; valid: boolean }>("oci-schema");
  const parse = (key: string) => {
    const { kind, document } = cases[Number(key.split(" ")[1])]!;
    return parsers[kind](utf8(document));
  };
  const decided = new Decided("oci-schema", {
    [emptyLayers]: () => assert.deepEqual((parse(emptyLayers) as { layers: [] }).layers, []),
    [envWithoutValue]: () =>
      assert.deepEqual((parse(envWithoutValue) as { config: object }).config, { Env: ["foo"] }),
    [unknownAlgorithm]: () => assert.throws(() => parse(unknownAlgorithm), { code: "unsupported" }),
  });

  for (const [i, c] of cases.entries()) {
    const key = `oci-schema ${i}`;
    it(`${key}: this ${c.kind} is ${c.valid ? "valid" : "refused"}`, () => {
      if (decided.has(key)) return;
      if (c.valid) assert.doesNotThrow(() => parse(key));
      else assert.throws(() => parse(key), { name: "GantryError" });
    });
  }

  it("has a case for each decision", () => decided.allSeen());

  it("is answered the same way by the schemas, where they can tell", () => {
    const isValid = schemas();
    // The tests they come from check base64 and the length of digests on their own, and Env in newer schemas.
    const blind = [envWithoutValue, upperCaseDigest, brokenBase64];
    for (const [i, c] of cases.entries()) {
      const expected = c.valid || blind.includes(`oci-schema ${i}`);
      assert.equal(isValid(c.kind, JSON.parse(c.document)), expected, `case ${i}`);
    }
  });
});
