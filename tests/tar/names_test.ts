import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { GantryError } from "../../src/errors.ts";
import { decodeName, encodeName } from "../../src/tar/mod.ts";
import { isUtf8 } from "../../src/tar/names.ts";

const names = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(
    fc.constantFrom(0x2f, 0x61, 0xc3, 0xa9, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x8c, 0xb1, 0xff, 0xe2, 0x82, 0xac),
  )
    .map((bytes) => new Uint8Array(bytes)),
);

const texts = fc.array(fc.integer({ min: 0, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff))
  .map((codes) => String.fromCodePoint(...codes));

describe("names", () => {
  it("F13 keep every byte", () => {
    fc.assert(
      fc.property(names, (bytes) => assert.deepEqual(encodeName(decodeName(bytes)), new Uint8Array(bytes))),
    );
  });

  it("F13 stay different where bytes are different", () => {
    fc.assert(fc.property(names, names, (a, b) => {
      assert.equal(
        decodeName(a) === decodeName(b),
        a.length === b.length && a.every((byte, i) => byte === b[i]),
      );
    }));
  });

  it("are UTF-8 where they can be", () => {
    fc.assert(fc.property(texts, (text) => {
      const bytes = new TextEncoder().encode(text);
      assert.equal(decodeName(bytes), text);
      assert.equal(isUtf8(bytes), true);
    }));
  });

  it("agree with the strict decoder on what UTF-8 is", () => {
    fc.assert(fc.property(names, (bytes) => {
      let strict = true;
      try {
        new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch {
        strict = false;
      }
      assert.equal(isUtf8(bytes), strict);
    }));
  });

  it("take long ones", () => {
    const long = "é".repeat(1000) + "a".repeat(1000);
    assert.equal(decodeName(encodeName(long)), long);
    const odd = new Uint8Array(100_000).fill(0xff);
    assert.deepEqual(encodeName(decodeName(odd)), odd);
  });

  it("F13 refuse half a character", () => {
    assert.throws(() => encodeName("a\ud800"), (error) => GantryError.is(error, "invalid-name"));
    assert.throws(() => encodeName("a\udc00"), (error) => GantryError.is(error, "invalid-name"));
  });
});
