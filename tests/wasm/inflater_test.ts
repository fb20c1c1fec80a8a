import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { constants, deflateRawSync, gunzipSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { Crc32 } from "../../wasm/crc32.ts";
import { Deflater, type Level } from "../../wasm/deflater.ts";
import { InflateError, Inflater, INPUT_SIZE } from "../../wasm/inflater.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { cores, random, sample } from "./cores.ts";

const quick = 10_000;

/** All output, the input pushed in pieces of `size`; more than `limit` bytes of output is an error. */
function inflate(inflater: Inflater, input: Uint8Array, size = INPUT_SIZE, limit = 1e9): Uint8Array {
  inflater.reset();
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < input.length && !inflater.done; at += size) {
    inflater.push(input.subarray(at, at + size));
    for (let piece; (piece = inflater.read());) {
      pieces.push(piece);
      if (inflater.length > limit) throw new RangeError("limit");
    }
  }
  if (!inflater.done) throw new RangeError("truncated");
  return Buffer.concat(pieces);
}

const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = constants;

for (const [name, core] of cores) {
  const inflater = new Inflater(core);

  describe(`Inflater (${name})`, () => {
    it(`reads what zlib writes, in ${quick} small streams`, () => {
      fc.assert(
        fc.property(
          fc.nat(4),
          fc.nat(2000),
          fc.integer(),
          fc.integer({ min: 1, max: 300 }),
          fc.integer({ min: 0, max: 9 }),
          fc.constantFrom(Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY),
          (kind, length, seed, size, level, strategy) => {
            const input = sample(kind, length, seed);
            const output = inflate(inflater, deflateRawSync(input, { level, strategy }), size);
            assert.ok(Buffer.compare(output, input) === 0);
          },
        ),
        { numRuns: quick },
      );
    });

    it("reads what zlib writes, in large streams, and knows length and crc32", () => {
      for (let kind = 0; kind < 5; kind++) {
        for (const level of [0, 1, 6, 9]) {
          const input = sample(kind, 400_000, kind);
          for (const size of [INPUT_SIZE, 1021]) {
            assert.ok(Buffer.compare(inflate(inflater, deflateRawSync(input, { level }), size), input) === 0);
            assert.equal(inflater.length, input.length);
            assert.equal(inflater.crc32, new Crc32(core).update(input).value);
          }
        }
      }
    });

    it("reads what the deflater writes", () => {
      const deflater = new Deflater(core);
      for (const level of [1, 6, 9] as Level[]) {
        for (let kind = 0; kind < 5; kind++) {
          const input = sample(kind, 200_000, kind);
          assert.ok(
            Buffer.compare(
              inflate(inflater, deflater.deflate(input, { level, final: true }).bytes),
              input,
            ) === 0,
          );
        }
      }
    });

    it("stops at the end of the stream and says how much was not part of it", () => {
      const next = random(1);
      for (let kind = 0; kind < 5; kind++) {
        for (let round = 0; round < 40; round++) {
          const stream = deflateRawSync(sample(kind, next(5000), round)),
            after = next(200),
            size = 1 + next(300);
          inflate(inflater, Buffer.concat([stream, sample(0, after, round)]), size);
          assert.equal(inflater.used, stream.length);
          assert.ok(inflater.unused < size);
        }
      }
    });

    it("agrees with zlib on random corruption and never gives more than the limit", () => {
      const next = random(2);
      let errors = 0;
      for (let round = 0; round < 3000; round++) {
        const stream = deflateRawSync(sample(next(5), next(3000), round), { level: next(10) });
        for (let hits = 1 + next(3); hits > 0; hits--) stream[next(stream.length)]! ^= 1 << next(8);
        let theirs: Uint8Array | undefined, ours: Uint8Array | undefined;
        try {
          theirs = inflateRawSync(stream);
        } catch {
          // counted below
        }
        try {
          ours = inflate(inflater, stream, 1 + next(500), 1e8);
        } catch (error) {
          errors++;
          assert.ok(error instanceof InflateError || error instanceof RangeError, String(error));
          if (error instanceof InflateError) assert.ok(error.offset >= 0 && error.offset <= stream.length);
        }
        assert.equal(ours === undefined, theirs === undefined, `round ${round}`);
        if (ours && theirs) assert.ok(Buffer.compare(ours, theirs) === 0);
      }
      assert.ok(errors > 1000, `${errors}`);
    });

    it("survives random bytes", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 400 }), (input, size) => {
          try {
            inflate(inflater, input, size, 1e7);
          } catch (error) {
            assert.ok(error instanceof InflateError || error instanceof RangeError, String(error));
          }
        }),
        { numRuns: 5000 },
      );
    });

    it("says what is wrong and where", () => {
      const cases: [number[], string, number][] = [
        [[0x07], "a block of unknown type", 0],
        [[0x01, 0x05, 0x00, 0x00, 0x00], "a stored block whose length and its complement disagree", 1],
        [[0xfd, 0xff, 0xff, 0xff, 0xff], "a block whose code lengths are no code", 0],
      ];
      for (const [bytes, reason, offset] of cases) {
        assert.throws(
          () => inflate(inflater, new Uint8Array(bytes)),
          (error) => error instanceof InflateError && error.reason === reason && error.offset >= offset,
        );
      }
      // A match before the output: length 3, distance 1 as the first symbol of a block with fixed codes.
      assert.throws(
        () => inflate(inflater, new Uint8Array([0x03, 0x02, 0x00])),
        (error) => error instanceof InflateError && error.reason === "a match that begins before the output",
      );
    });

    it("expands a bomb in pieces, not at once", () => {
      const bomb = deflateRawSync(new Uint8Array(20_000_000), { level: 9 });
      inflater.reset();
      inflater.push(bomb.subarray(0, 30_000));
      let pieces = 0;
      for (let piece; (piece = inflater.read());) {
        assert.ok(piece.length <= 65536 + 400);
        pieces++;
      }
      assert.ok(pieces > 100);
    });

    it("refuses input out of turn", () => {
      inflater.reset();
      assert.throws(() => inflater.push(new Uint8Array(INPUT_SIZE + 1)), RangeError);
      inflater.push(new Uint8Array([0x4b]));
      assert.throws(() => inflater.push(new Uint8Array(1)), RangeError);
    });
  });
}

const files = fixture("compression/gzip/");
describe(
  "Inflater (fixtures)",
  needsFixtures,
  () => {
    for (const file of ["good-file.gz", "bgzip.tar.gz", "test_expand.gz", "zran-two-streams.tar.gz"]) {
      it(file, () => {
        // The first member: its header is read by hand, the rest must be what zlib gives, member by member.
        const bytes = readFileSync(files + file),
          inflater = new Inflater(cores[0]![1]),
          members: Uint8Array[] = [];
        let at = 0;
        while (at + 18 <= bytes.length && bytes[at] === 0x1f && bytes[at + 1] === 0x8b) {
          at = afterHeader(bytes, at);
          members.push(inflate(inflater, bytes.subarray(at)));
          at += inflater.used;
          assert.equal(bytes.readUInt32LE(at), inflater.crc32);
          assert.equal(bytes.readUInt32LE(at + 4), inflater.length);
          at += 8;
        }
        assert.ok(members.length > 0);
        assert.ok(Buffer.compare(Buffer.concat(members), gunzipSync(bytes.subarray(0, at))) === 0);
      });
    }

    it("issue6550.gz, whose code lengths are no code", () => {
      const bytes = readFileSync(files + "issue6550.gz");
      assert.throws(
        () => inflate(new Inflater(cores[0]![1]), bytes.subarray(afterHeader(bytes, 0))),
        (error) => error instanceof InflateError && error.reason === "a block whose code lengths are no code",
      );
    });
  },
);

/** Where a gzip member's DEFLATE stream begins (RFC 1952 section 2.3). */
function afterHeader(bytes: Uint8Array, at: number): number {
  const flags = bytes[at + 3]!;
  at += 10;
  if (flags & 4) at += 2 + bytes[at]! + bytes[at + 1]! * 256;
  if (flags & 8) at = bytes.indexOf(0, at) + 1;
  if (flags & 16) at = bytes.indexOf(0, at) + 1;
  if (flags & 2) at += 2;
  return at;
}
