import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { Crc32 } from "../../wasm/crc32.ts";
import { CHUNK_SIZE, Deflater, DICTIONARY_SIZE, type Level } from "../../wasm/deflater.ts";
import { cores, sample } from "./cores.ts";

const levels: Level[] = [1, 6, 9];
const quick = 10_000;

/** A stream in chunks of `size`, each from what it may know. */
function deflate(
  deflater: Deflater,
  input: Uint8Array,
  level: Level,
  size = CHUNK_SIZE,
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < input.length; at += size) {
    const dictionary = input.subarray(Math.max(0, at - DICTIONARY_SIZE), at);
    const chunk = input.subarray(at, at + size);
    pieces.push(deflater.deflate(chunk, { level, dictionary, final: at + size >= input.length }).bytes);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

for (const [name, core] of cores) {
  const deflater = new Deflater(core);
  const roundTrip = (input: Uint8Array, level: Level, size?: number) => {
    const back = inflateRawSync(deflate(deflater, input, level, size));
    assert.ok(Buffer.compare(back, input) === 0, `${input.length} bytes at level ${level}`);
  };

  describe(`Deflater (${name})`, () => {
    for (const level of levels) {
      it(`writes what zlib reads, at level ${level}, in ${quick / 2} small streams`, () => {
        fc.assert(
          fc.property(
            fc.nat(4),
            fc.nat(600),
            fc.integer(),
            fc.integer({ min: 20, max: 900 }),
            (kind, length, seed, size) => {
              roundTrip(sample(kind, length, seed), level, size);
            },
          ),
          { numRuns: level === 9 ? 1000 : quick / 2 },
        );
      });

      it(`writes what zlib reads, at level ${level}, around every edge`, () => {
        const edges = [32_768, 65_535, 131_072, CHUNK_SIZE, CHUNK_SIZE + DICTIONARY_SIZE, 2 * CHUNK_SIZE];
        for (const edge of edges) {
          const kind = edges.indexOf(edge) % 5;
          for (const length of [edge - 1, edge, edge + 1, edge + 13]) {
            roundTrip(sample(kind, length, length), level);
          }
        }
        for (let kind = 0; kind < 5; kind++) roundTrip(sample(kind, 700_000, 9), level, 100_000);
      });
    }

    it("writes the same bytes on every engine", () => {
      const hash = createHash("sha256");
      for (const level of levels) {
        for (let kind = 0; kind < 5; kind++) {
          hash.update(deflate(deflater, sample(kind, 300_000, 5), level, 99_999));
          deflate(deflater, sample(4, 50_000, kind), level); // what was there before does not matter
        }
      }
      assert.equal(hash.digest("hex"), "47aff98698a8ac787411a5cff5f2cfe6dec71ff85063b42f6c6f2e9cddc5b0fc");
    });

    it("ends every chunk but the last with an empty stored block", () => {
      for (let kind = 0; kind < 5; kind++) {
        const { bytes } = deflater.deflate(sample(kind, 5000, 2), { level: 6 });
        assert.deepEqual([...bytes.subarray(-4)], [0, 0, 255, 255]);
      }
      assert.deepEqual([...deflater.deflate(new Uint8Array(), { level: 1 }).bytes], [0, 0, 0, 255, 255]);
      assert.deepEqual([...deflater.deflate(new Uint8Array(), { level: 1, final: true }).bytes], [3, 0]);
    });

    it("adds little to what cannot be compressed", () => {
      for (const level of levels) {
        const { bytes } = deflater.deflate(sample(0, CHUNK_SIZE, 4), { level });
        assert.ok(bytes.length <= CHUNK_SIZE + 5 * 70, `${bytes.length}`);
      }
    });

    it("gives the crc32 of the chunk", () => {
      const input = sample(2, 100_000, 8);
      const { crc32 } = deflater.deflate(input, { level: 1, dictionary: sample(2, 1000, 1) });
      assert.equal(crc32, new Crc32(core).update(input).value);
    });

    it("refuses what is too long", () => {
      assert.throws(() => deflater.deflate(new Uint8Array(CHUNK_SIZE + 1), { level: 1 }), RangeError);
      const dictionary = new Uint8Array(DICTIONARY_SIZE + 1);
      assert.throws(() => deflater.deflate(new Uint8Array(1), { level: 1, dictionary }), RangeError);
    });
  });
}
