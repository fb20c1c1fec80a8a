import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { algorithmOf, algorithms, hexOf, isDigest, parseDigest } from "../../src/spec/mod.ts";
import { needsFixtures, table } from "../support/fixtures.ts";

const lengths = { sha256: 64, sha384: 96, sha512: 128 };

const digests = fc.constantFrom(...algorithms).chain((algorithm) =>
  fc.string({
    unit: fc.constantFrom(..."0123456789abcdef"),
    minLength: lengths[algorithm],
    maxLength: lengths[algorithm],
  })
    .map((hex) => ({ algorithm, hex, text: `${algorithm}:${hex}` }))
);

describe("parseDigest", () => {
  it("takes apart what it accepts", () => {
    fc.assert(fc.property(digests, ({ algorithm, hex, text }) => {
      const digest = parseDigest(text);
      assert.deepEqual([digest, algorithmOf(digest), hexOf(digest)], [text, algorithm, hex]);
    }));
  });

  it("agrees with isDigest, on digests with a fault too", () => {
    const faulty = fc.tuple(digests, fc.nat(140), fc.string({ maxLength: 2 })).map(([{ text }, at, put]) =>
      text.slice(0, at) + put + text.slice(at + 1)
    );
    fc.assert(fc.property(fc.oneof(faulty, fc.string(), digests.map(({ text }) => text)), (text) => {
      if (isDigest(text)) return assert.equal(parseDigest(text), text);
      assert.throws(() => parseDigest(text), { code: /^(?:invalid-digest|unsupported)$/ });
    }));
  });

  it("never lets through what means something in a path or URL", () => {
    for (
      const text of ["sha256:../../etc/passwd", `sha256:${"a".repeat(63)}/`, `sha256:${"a".repeat(64)}\n`]
    ) {
      assert.throws(() => parseDigest(text), { code: "invalid-digest" });
      assert.equal(isDigest(text), false);
    }
  });

  it("says that it does not know an algorithm", () => {
    assert.throws(() => parseDigest(`blake3:${"a".repeat(64)}`), {
      code: "unsupported",
      message: /"blake3"/,
    });
  });
});

describe("digests table", needsFixtures, () => {
  for (const c of table<{ input: string; valid: boolean; algorithm?: string; encoded?: string }>("digests")) {
    it(`${c.input} is ${c.valid ? "valid" : "refused"}`, () => {
      assert.equal(isDigest(c.input), c.valid);
      if (!c.valid) return assert.throws(() => parseDigest(c.input), { name: "GantryError" });
      const digest = parseDigest(c.input);
      if (c.algorithm !== undefined) assert.equal(algorithmOf(digest), c.algorithm);
      if (c.encoded !== undefined) assert.equal(hexOf(digest), c.encoded);
    });
  }
});
