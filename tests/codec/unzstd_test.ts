import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constants, createZstdCompress, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { type Bytes, concat, utf8 } from "../../src/bytes.ts";
import { codecEngines, unzstd } from "../../src/codec/mod.ts";
import { outcome, sample, through } from "../support/streams.ts";

const zst = (content: Uint8Array) => {
  const params = { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_contentSizeFlag]: 1 };
  return new Uint8Array(zstdCompressSync(content, { params }));
};
const skippable = (length: number, kind = 0) =>
  concat([
    Uint8Array.of(0x50 | kind, 0x2a, 0x4d, 0x18, length & 255, length >> 8, 0, 0),
    new Uint8Array(length).fill(7),
  ]);
const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));

const hello = utf8("hello ");
const world = utf8("world!");
const a = zst(hello);
const b = zst(world);
const mixed = sample(500_000);
// Node writes the size of the content into the header, Deno does not: one of each, made by hand, with a raw block.
const sized = hex("28b52ffd2006310000776f726c6421");
const unsized = hex("28b52ffd0058310000776f726c6421");

const good: [string, Uint8Array, Uint8Array][] = [
  ["one frame", a, hello],
  ["two frames", concat([a, b]), utf8("hello world!")],
  ["a frame of unknown size", unsized, world],
  [
    "a size of two bytes, which count from 256",
    concat([hex("28b52ffd602c00610900"), mixed.subarray(0, 300)]),
    mixed.subarray(0, 300),
  ],
  ["frames of known and unknown size", concat([sized, unsized, a, sized]), utf8("world!world!hello world!")],
  ["an empty frame", concat([zst(new Uint8Array(0)), a]), hello],
  ["nothing but a skippable frame", skippable(3), new Uint8Array(0)],
  [
    "skippable frames of every kind around",
    concat([skippable(300), skippable(0, 15), a, skippable(70_00, 7), b, skippable(1, 1)]),
    utf8("hello world!"),
  ],
  ["a large frame", zst(mixed), mixed],
  ["large frames", concat([zst(mixed), skippable(9), zst(mixed), a]), concat([mixed, mixed, hello])],
  ["many small frames", concat(Array(500).fill(a)), utf8("hello ".repeat(500))],
  ["repeated bytes", zst(new Uint8Array(1_000_000)), new Uint8Array(1_000_000)],
];

const bad: [string, Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["plain text", utf8("a plain text that is no zstd")],
  ["half a magic number", a.subarray(0, 3)],
  ["half a header", a.subarray(0, 5)],
  ["half a checksum", a.subarray(0, -2)],
  ["a second frame cut short", concat([a, zst(mixed).subarray(0, 10_000)])],
  ["a skippable frame cut short", concat([a, skippable(100).subarray(0, 50)])],
  ["text after the end", concat([a, utf8("something")])],
  ["zeros after the end", concat([a, new Uint8Array(100)])],
  ["a wrong checksum", changed(a, a.byteLength - 1)],
  ["a wrong checksum in front of another frame", concat([changed(a, a.byteLength - 1), b])],
  ["a reserved block type", hex("28b52ffd2006370000776f726c6421")],
  ["a size that is too small", hex("28b52ffd2005310000776f726c6421")],
  ["a size that is too large", hex("28b52ffd2007310000776f726c6421")],
  ["a dictionary", hex("28b52ffd2177" + "06310000776f726c6421")],
  // The header promises 256 bytes, and 128 MiB follow.
  [
    "much more than the header says",
    concat([hex("28b52ffd40580000"), hex("0200100a".repeat(1000) + "010000")]),
  ],
];

for (const row of codecEngines().filter(({ work }) => work === "unzstd")) {
  const { name: engine, window: largest = Infinity } = row;
  describe(`unzstd by ${engine}`, () => {
    for (const [name, input, content] of good) {
      it(`takes ${name}`, async () => {
        for (const piece of [1, 3, 1000, 1 << 20]) {
          if (input.byteLength / piece > 20_000) continue;
          assert.deepEqual(await through(input, unzstd({ engine }), piece), new Uint8Array(content));
        }
      });
    }

    for (const [name, input] of bad) {
      it(`refuses ${name}`, async () => {
        for (const piece of [1, 7, 1000]) {
          await assert.rejects(through(input, unzstd({ engine }), piece), { code: "invalid-archive" });
        }
      });
    }

    it("takes any frames, cut anywhere", async () => {
      const content = fc.uint8Array({ maxLength: 400 });
      const frames = fc.array(fc.tuple(content, fc.option(fc.nat(20))), { minLength: 1, maxLength: 5 });
      const size = fc.integer({ min: 1, max: 400 });
      await fc.assert(
        fc.asyncProperty(frames, size, async (frames, piece) => {
          const input = concat(frames.flatMap(([content, skip]) => [zst(content), skippable(skip ?? 0)]));
          const content = concat(frames.map(([content]) => content));
          assert.deepEqual(await through(input, unzstd({ engine }), piece), content);
        }),
        { numRuns: 60 },
      );
    });

    it("refuses all that is cut short", async () => {
      const first = zst(sample(3000));
      const input = concat([first, skippable(20), zst(sample(150_000))]);
      const between = [first.byteLength, first.byteLength + 28];
      for (let length = 0; length < input.byteLength; length += length < first.byteLength + 60 ? 1 : 1501) {
        const work = through(input.subarray(0, length), unzstd({ engine }), 512);
        const expected = between.includes(length) ? sample(3000) : "invalid-archive";
        assert.deepEqual(await outcome(work), expected, `cut at ${length}`);
      }
    });

    it("never ends cleanly with other content than went in", async () => {
      const contents = [sample(2000), sample(200_000, 2), new Uint8Array(500)];
      const input = concat(contents.map(zst));
      await fc.assert(
        fc.asyncProperty(fc.nat(input.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
          const result = await outcome(through(changed(input, at, flip), unzstd({ engine })));
          if (typeof result === "string") assert.match(result, /^invalid-archive$|^too-large$/);
          else assert.deepEqual(result, concat(contents));
        }),
        { numRuns: 100 },
      );
    });

    it("refuses windows of more than 64 MiB unless told, and those that it has no memory for", async () => {
      for (const log of [10, 22, 23, 24, 26, 27, 28]) {
        const input = await withWindow(hello, log);
        for (const window of [undefined, 2 ** 28]) {
          const expected = 2 ** log <= Math.min(window ?? 2 ** 26, largest) ? hello : "too-large";
          const work = through(input, unzstd({ engine, limits: { window } }));
          assert.deepEqual(await outcome(work), expected, `window of 2^${log}, ${window} allowed`);
        }
      }
    });
  });
}

describe("unzstd", () => {
  it("tells what is broken, and where", async () => {
    const cases: [Uint8Array, RegExp][] = [
      [a.subarray(0, 9), /^unzstd layer 3: unexpected end at byte 9$/],
      [concat([sized, utf8("something")]), /^unzstd layer 3: neither a frame nor the end at byte 15$/],
      [changed(sized, 6, 6), /^unzstd layer 3: bad data before byte 15: /],
    ];
    for (const [input, message] of cases) {
      const work = through(input, unzstd({ what: "layer 3" }));
      await assert.rejects(work, { code: "invalid-archive", message });
    }
    const message = /^unzstd layer 3: a window of 134217728 bytes at byte 15, at most 67108864 allowed$/;
    const large = concat([sized, await withWindow(hello, 27)]);
    await assert.rejects(through(large, unzstd({ what: "layer 3" })), { code: "too-large", message });
  });
});

/** A frame of unknown size that asks for a window of 2^log bytes. */
function withWindow(content: Uint8Array, log: number): Promise<Bytes> {
  const machine = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: log } });
  const chunks: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    machine.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    machine.on("error", reject);
    machine.on("end", () => resolve(concat(chunks)));
    machine.write(content);
    machine.flush(() => machine.end());
  });
}

/** The bytes with one of them changed. */
function changed(bytes: Uint8Array, at: number, flip = 1): Bytes {
  const copy = new Uint8Array(bytes);
  copy[at]! ^= flip;
  return copy;
}
