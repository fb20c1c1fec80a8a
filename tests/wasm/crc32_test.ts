import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Crc32, crc32Combine } from "../../wasm/crc32.ts";
import { cores, sample } from "./cores.ts";

/** Bit by bit, as RFC 1952 defines it. */
function slow(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

for (const [name, core] of cores) {
  describe(`Crc32 (${name})`, () => {
    const crc = new Crc32(core);

    it("gives the check value", () => {
      assert.equal(crc.reset().update(new TextEncoder().encode("123456789")).value, 0xcbf43926);
      assert.equal(crc.reset().value, 0);
    });

    it("agrees with the definition at every length and cut", () => {
      const bytes = sample(0, 70_000, 3);
      for (
        const length of [
          1,
          2,
          3,
          4,
          15,
          16,
          17,
          139,
          140,
          141,
          3005,
          3006,
          3007,
          16384,
          19_390,
          65_536,
          70_000,
        ]
      ) {
        const part = bytes.subarray(0, length), cut = length >> 1;
        assert.equal(crc.reset().update(part).value, slow(part));
        assert.equal(crc.reset().update(part.subarray(0, cut)).update(part.subarray(cut)).value, slow(part));
      }
    });

    it("agrees with the definition in any pieces", () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 8 }), (pieces) => {
          crc.reset();
          for (const piece of pieces) crc.update(piece);
          assert.equal(crc.value, slow(Buffer.concat(pieces)));
        }),
        { numRuns: 300 },
      );
    });
  });
}

describe("crc32Combine", () => {
  it("joins", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (a, b) => {
        assert.equal(crc32Combine(slow(a), slow(b), b.length), slow(Buffer.concat([a, b])));
      }),
      { numRuns: 500 },
    );
  });
});
