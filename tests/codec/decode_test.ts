import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { type Bytes, concat, utf8 } from "../../src/bytes.ts";
import { codecEngines, gunzip } from "../../src/codec/mod.ts";
import { outcome, sample, source, through } from "../support/streams.ts";

const gz = (content: Uint8Array, level = 6) => new Uint8Array(gzipSync(content, { level }));
const zeros = (length: number) => new Uint8Array(length);

const hello = utf8("hello ");
const world = utf8("world!");
const a = gz(hello);
const b = gz(world);
const empty = gz(zeros(0));
const mixed = sample(300_000);

/** The member with these fields in its header, and the checksum of it. */
function headed(flags: number, fields: Uint8Array, changed = 0): Uint8Array {
  const head = concat([a.subarray(0, 3), Uint8Array.of(flags), a.subarray(4, 10), fields]);
  const crc = crc32(head) ^ changed;
  const checksum = flags & 2 ? Uint8Array.of(crc & 255, crc >> 8 & 255) : zeros(0);
  return concat([head, checksum, a.subarray(10)]);
}
const extra = Uint8Array.of(3, 0, 1, 0, 2);
const name = utf8("a name\0");

const good: [string, Uint8Array, Uint8Array][] = [
  ["one member", a, hello],
  ["two members", concat([a, b]), utf8("hello world!")],
  ["empty members around", concat([empty, empty, a, empty, b, empty]), utf8("hello world!")],
  ["nothing but empty members", concat([empty, empty]), zeros(0)],
  ["an empty member in a stored block", concat([gz(zeros(0), 0), zeros(9)]), zeros(0)],
  ["zeros after the end", concat([a, b, zeros(1000)]), utf8("hello world!")],
  ["zeros after an empty member", concat([empty, zeros(100)]), zeros(0)],
  ["content of zeros, stored", concat([gz(zeros(70_000), 0), zeros(5)]), zeros(70_000)],
  ["content of zeros, compressed", concat([gz(zeros(70_000)), gz(zeros(256))]), zeros(70_256)],
  ["content of 64 KiB, whose length ends in zeros", concat([gz(zeros(65536)), zeros(3)]), zeros(65536)],
  ["large members", concat([gz(mixed), gz(mixed, 0), gz(mixed, 1)]), concat([mixed, mixed, mixed])],
  ["a name", headed(8, name), hello],
  ["extra bytes", headed(4, extra), hello],
  [
    "a header with everything and its checksum",
    headed(31, concat([extra, name, utf8("a comment\0")])),
    hello,
  ],
  ["a long name", headed(8, concat([new Uint8Array(60_000).fill(65), zeros(1)])), hello],
  [
    "gzip and zeros stored in gzip",
    concat([gz(concat([a, zeros(20), b, empty, gz(mixed)]), 0), b]),
    concat([a, zeros(20), b, empty, gz(mixed), world]),
  ],
];

const bad: [string, Uint8Array][] = [
  ["nothing", zeros(0)],
  ["zeros", zeros(50)],
  ["plain text", utf8("a plain text that is no gzip")],
  ["text after the end", concat([a, utf8("xyz")])],
  ["text after zeros", concat([a, zeros(4), utf8("xyz")])],
  ["a member after zeros", concat([a, zeros(4), b])],
  ["the first byte of a header after the end", concat([a, Uint8Array.of(0x1f)])],
  ["half a header after the end", concat([a, b.subarray(0, 5)])],
  ["half a trailer", a.subarray(0, -4)],
  ["half a trailer and zeros", concat([a.subarray(0, -4), zeros(9)])],
  ["no trailer", a.subarray(0, -8)],
  ["half an empty member", empty.subarray(0, -5)],
  ["a second member cut short", concat([a, gz(mixed).subarray(0, 1000)])],
  ["a wrong checksum", changed(a, a.byteLength - 6)],
  ["a wrong length", changed(a, a.byteLength - 3)],
  ["a wrong checksum in front of another member", concat([changed(a, a.byteLength - 6), b])],
  ["an unknown method", changed(a, 2)],
  ["a wrong checksum of a header", headed(2, zeros(0), 1)],
  ["a name without end", headed(8, utf8("a name")).subarray(0, 15)],
  ["extra bytes cut short", headed(4, Uint8Array.of(200, 0, 1))],
  ["a reserved flag", changed(a, 3, 0xe0)],
  ["a reserved block type", concat([a.subarray(0, 10), Uint8Array.of(0xff, 0xff), a.subarray(10)])],
];

for (const { name: engine } of codecEngines().filter(({ work }) => work === "gunzip")) {
  describe(`gunzip by ${engine}`, () => {
    for (const [name, input, content] of good) {
      it(`takes ${name}`, async () => {
        for (const piece of [1, 7, 1000, 17_000, 1 << 20]) {
          if (input.byteLength / piece > 5000) continue;
          assert.deepEqual(await through(input, gunzip({ engine }), piece), new Uint8Array(content));
        }
      });
    }

    for (const [name, input] of bad) {
      it(`refuses ${name}`, async () => {
        for (const piece of [1, 7, 1000]) {
          if (input.byteLength / piece > 5000) continue;
          await assert.rejects(through(input, gunzip({ engine }), piece), { code: "invalid-archive" });
        }
      });
    }

    it("takes any members, cut anywhere", async () => {
      const member = fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 9 }));
      const members = fc.array(member, { minLength: 1, maxLength: 4 });
      const size = fc.integer({ min: 1, max: 400 });
      await fc.assert(
        fc.asyncProperty(members, fc.nat(40), size, async (members, padding, piece) => {
          const input = concat([...members.map(([content, level]) => gz(content, level)), zeros(padding)]);
          const content = concat(members.map(([content]) => content));
          assert.deepEqual(await through(input, gunzip({ engine }), piece), content);
        }),
        { numRuns: 60 },
      );
    });

    it("refuses all that is cut short", async () => {
      const input = concat([gz(sample(3000)), gz(sample(200), 0)]);
      const first = gz(sample(3000)).byteLength;
      for (let length = 0; length < input.byteLength; length += length > first - 20 ? 1 : 37) {
        const work = through(input.subarray(0, length), gunzip({ engine }), 512);
        // Between two members nothing is missing.
        const expected = length === first ? sample(3000) : "invalid-archive";
        assert.deepEqual(await outcome(work), expected, `cut at ${length}`);
      }
    });

    it("never ends cleanly with other content than went in", async () => {
      const contents = [sample(2000), sample(300, 2), zeros(500)];
      const input = concat(contents.map((content, i) => gz(content, [6, 0, 9][i])));
      await fc.assert(
        fc.asyncProperty(fc.nat(input.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
          const result = await outcome(through(changed(input, at, flip), gunzip({ engine }), 600));
          // Times and names in a header are nobody's business.
          if (typeof result === "string") assert.equal(result, "invalid-archive");
          else assert.deepEqual(result, concat(contents));
        }),
        { numRuns: 150 },
      );
    });
  });
}

describe("gunzip", () => {
  it("tells what is broken, and where", async () => {
    const cases: [Uint8Array, RegExp][] = [
      [changed(a, a.byteLength - 6), /^gunzip layer 3: bad data before byte 26: .*check/],
      [a.subarray(0, 20), /^gunzip layer 3: bad data before byte 20: unexpected end/],
      [
        concat([a, zeros(9), utf8("x")]),
        /^gunzip layer 3: .*the last member ends at byte 26, and something other/,
      ],
    ];
    for (const [input, message] of cases) {
      const work = through(input, gunzip({ engine: "node:zlib", what: "layer 3" }));
      await assert.rejects(work, { code: "invalid-archive", message });
    }
  });

  it("takes headers with every field", async () => {
    const fields = Uint8Array.of(
      0x1f,
      0x8b,
      8,
      0x1c,
      1,
      2,
      3,
      4,
      0,
      255,
      3,
      0,
      0x1f,
      0x8b,
      8,
      0x61,
      0,
      0x62,
      0,
    );
    const member = concat([fields, new Uint8Array(deflateRawSync(hello)), a.subarray(-8)]);
    for (const { name: engine } of codecEngines().filter(({ work }) => work === "gunzip")) {
      assert.deepEqual(await through(concat([member, member]), gunzip({ engine })), utf8("hello hello "));
    }
  });

  it("gives pieces of its own: a reader may transfer them while more is made", async () => {
    const input = gz(mixed);
    const chunks: Bytes[] = [];
    for (const reader = source(input, 5000).stream.pipeThrough(gunzip()).getReader();;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(structuredClone(value, { transfer: [value.buffer] }));
    }
    assert.deepEqual(concat(chunks), mixed);
  });

  it("leaves the input as it was", async () => {
    const input = concat([gz(mixed), b, zeros(10)]);
    const stream = new ReadableStream<Bytes>({
      start(controller) {
        controller.enqueue(input);
        controller.close();
      },
    });
    await stream.pipeThrough(gunzip()).pipeTo(new WritableStream());
    assert.deepEqual(input, concat([gz(mixed), b, zeros(10)]));
  });
});

/** The bytes with one of them changed. */
function changed(bytes: Uint8Array, at: number, flip = 1): Bytes {
  const copy = new Uint8Array(bytes);
  copy[at]! ^= flip;
  return copy;
}
