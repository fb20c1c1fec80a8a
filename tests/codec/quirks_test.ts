/** Cases of ../shared/notes/registry-quirks.md, F24 to F27; the id is in each name. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { type Bytes, chunksOf, concat, utf8 } from "../../src/bytes.ts";
import { codecEngines, type DecodeLimits, decompress, gunzip, unzstd } from "../../src/codec/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { outcome, sample, through } from "../support/streams.ts";

const mebibyte = 1024 ** 2;
const content = sample(200_000);
const gz = (bytes: Uint8Array): Bytes => new Uint8Array(gzipSync(bytes));
const zst = (bytes: Uint8Array): Bytes => new Uint8Array(zstdCompressSync(bytes));
const hex = (text: string): Bytes => Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));
const enginesFor = (work: string) =>
  codecEngines().filter((row) => row.work === work).map(({ name }) => name);

/** The head once, the rest without end; counts what is taken. */
function endless(head: Bytes, rest: Bytes) {
  const seen = { taken: 0, cancelled: false };
  const stream = new ReadableStream<Bytes>({
    pull(controller) {
      const chunk = seen.taken === 0 ? head : rest;
      seen.taken += chunk.byteLength;
      controller.enqueue(chunk.slice());
    },
    cancel: () => void (seen.cancelled = true),
  }, { highWaterMark: 0 });
  return { stream, seen };
}

/** How much comes out before it is refused. */
async function givenOut(stream: ReadableStream<Bytes>): Promise<number> {
  let length = 0;
  try {
    for await (const chunk of chunksOf(stream)) length += chunk.byteLength;
  } catch (error) {
    if (GantryError.is(error, "too-large")) return length;
    throw error;
  }
  throw new Error(`not refused after ${length} bytes`);
}

describe("bombs", () => {
  const zeros = gz(new Uint8Array(10 * mebibyte));
  // A frame of unknown size, and blocks of four bytes that stand for 128 KiB each.
  const frame = hex("28b52ffd0038");
  const block = hex("02001000");

  for (const engine of enginesFor("gunzip")) {
    it(`of gzip without end are stopped by their ratio, with ${engine} (F24)`, async () => {
      const { stream, seen } = endless(zeros, zeros);
      const length = await givenOut(stream.pipeThrough(decompress({ engine })));
      assert.ok(length <= 250 * 2 * mebibyte, `${length} bytes came out`);
      assert.ok(seen.taken < 3 * mebibyte && seen.cancelled, `${seen.taken} bytes went in`);
    });

    it(`of gzip are stopped by the limit on output, with ${engine} (F24)`, async () => {
      const limits = { output: 3 * mebibyte };
      const { stream, seen } = endless(zeros, zeros);
      assert.ok(await givenOut(stream.pipeThrough(gunzip({ engine, limits }))) <= 3 * mebibyte);
      assert.ok(seen.cancelled);
    });
  }

  for (const engine of enginesFor("unzstd")) {
    it(`of zstd without end are stopped by their ratio, with ${engine} (F24)`, async () => {
      const { stream, seen } = endless(frame, concat(Array(64).fill(block)));
      const length = await givenOut(stream.pipeThrough(decompress({ engine })));
      assert.ok(length <= 250 * 2 * mebibyte, `${length} bytes came out`);
      assert.ok(seen.cancelled && seen.taken < mebibyte, `${seen.taken} bytes went in`);
    });

    it(`of zstd are stopped whatever their header says, with ${engine} (F24)`, async () => {
      const limits: DecodeLimits = { output: mebibyte };
      // It promises 2^40 bytes, or 7 and gives more: no promise is taken for a fact.
      const large = hex("28b52ffdc038" + "0000000000010000");
      const { stream } = endless(large, block);
      assert.ok(await givenOut(stream.pipeThrough(unzstd({ engine, limits }))) <= mebibyte);
      const small = concat([hex("28b52ffd2007"), ...Array(1000).fill(block), hex("010000")]);
      assert.match(
        `${await outcome(through(small, unzstd({ engine, limits })))}`,
        /invalid-archive|too-large/,
      );
    });
  }

  it("in bombs stay packed: only what is outside is opened (F24)", async () => {
    const nested = gz(gz(zeros));
    assert.deepEqual(await through(nested, decompress()), gz(zeros));
    assert.deepEqual(await through(zst(zeros), decompress()), zeros);
  });

  it("wait in their box until somebody reads (F24)", async () => {
    const { stream, seen } = endless(zeros, zeros);
    const reader = stream.pipeThrough(decompress()).getReader();
    assert.ok((await reader.read()).value!.byteLength <= mebibyte);
    await new Promise((done) => setTimeout(done, 20));
    assert.ok(seen.taken < 8 * zeros.byteLength, `${seen.taken} bytes went in`);
    await reader.cancel();
    assert.ok(seen.cancelled);
  });
});

for (const engine of enginesFor("gunzip")) {
  describe(`gzip with ${engine}`, () => {
    const run = (input: Uint8Array) => outcome(through(input, decompress({ engine }), 1000));
    const half = Math.floor(content.byteLength / 2);
    const parts = [gz(content.subarray(0, half)), gz(new Uint8Array(0)), gz(content.subarray(half))];
    const whole = concat(parts);
    const broken = (at: number) => whole.map((byte, i) => i === at ? byte ^ 1 : byte);

    it("of several members is read whole (F25)", async () => assert.deepEqual(await run(whole), content));

    it("may have zeros behind it (F25)", async () =>
      assert.deepEqual(await run(concat([whole, new Uint8Array(5000)])), content));

    it("must have nothing else behind it (F25)", async () => {
      for (const junk of [utf8("junk"), Uint8Array.of(0, 0, 1), Uint8Array.of(0x1f, 0x8b), zst(content)]) {
        assert.equal(await run(concat([whole, junk])), "invalid-archive");
      }
    });

    it("has its checksum and its length verified, in every member (F25)", async () => {
      let end = 0;
      for (const part of parts) {
        end += part.byteLength;
        assert.equal(await run(broken(end - 8)), "invalid-archive", "checksum");
        assert.equal(await run(broken(end - 4)), "invalid-archive", "length");
      }
    });

    it("cut short is an error (F25)", async () => {
      for (const missing of [1, 4, 8, 9, 100, parts[2]!.byteLength - 1]) {
        assert.equal(
          await run(whole.subarray(0, -missing)),
          "invalid-archive",
          `${missing} bytes are missing`,
        );
      }
    });
  });
}

for (const engine of enginesFor("unzstd")) {
  describe(`zstd with ${engine}`, () => {
    const run = (input: Uint8Array, limits?: DecodeLimits) =>
      outcome(through(input, decompress({ engine, limits }), 1000));
    const skippable = (kind: number, bytes: Bytes) =>
      concat([
        Uint8Array.of(0x50 + kind, 0x2a, 0x4d, 0x18, bytes.length & 255, bytes.length >> 8, 0, 0),
        bytes,
      ]);
    /** One raw block of five bytes, with a window of 2^(10 + log) bytes. */
    const window = (log: number) =>
      concat([hex("28b52ffd00"), Uint8Array.of(log << 3), hex("290000"), utf8("hello")]);

    it("of several frames is read whole, without the skippable ones (F26)", async () => {
      const footer = skippable(14, sample(5000));
      const input = concat([skippable(0, utf8("x")), zst(content), footer, zst(content), footer]);
      assert.deepEqual(await run(input), concat([content, content]));
    });

    it("is refused when its window takes too much memory, up to the largest there is (F26)", async () => {
      assert.deepEqual(await run(window(13)), utf8("hello"));
      for (const log of [17, 20, 21, 31]) assert.equal(await run(window(log)), "too-large", `2^${10 + log}`);
      assert.equal(await run(window(13), { window: 4 * mebibyte }), "too-large");
    });

    it("with a dictionary is refused (F26)", async () => {
      const block = concat([hex("290000"), utf8("hello")]);
      assert.deepEqual(await run(concat([hex("28b52ffd0038"), block])), utf8("hello"));
      const input = concat([hex("28b52ffd01382a"), block]);
      assert.equal(await run(input), "invalid-archive");
    });

    it("has its checksum verified (F26)", async () => {
      const params = { [constants.ZSTD_c_checksumFlag]: 1 };
      const right = new Uint8Array(zstdCompressSync(content, { params }));
      assert.deepEqual(await run(right), content);
      const wrong = right.map((byte, i) => i === right.byteLength - 1 ? byte ^ 1 : byte);
      assert.equal(await run(wrong), "invalid-archive");
    });

    it("cut short is an error (F26)", async () => {
      const input = zst(content);
      for (const missing of [1, 3, 100]) {
        assert.equal(await run(input.subarray(0, -missing)), "invalid-archive");
      }
    });
  });
}

describe("what is compressed how", () => {
  it("nothing at all is a layer without bytes (F26)", async () =>
    assert.deepEqual(await through(new Uint8Array(0), decompress()), new Uint8Array(0)));

  it("is told by the first bytes, whatever anybody says (F27)", async () => {
    for (const input of [gz(content), zst(content), content]) {
      assert.deepEqual(await through(input, decompress()), content);
    }
  });

  for (const [name, magic] of Object.entries({ xz: "fd377a585a00", bzip2: "425a6839314159265359" })) {
    it(`${name} is refused by name, whole, broken, cut short or without end (F27)`, async () => {
      const refusal = { code: "unsupported", message: `decompress layer 3: ${name} is not supported` };
      const options = { what: "layer 3" };
      await assert.rejects(through(hex(magic), decompress(options)), refusal);
      await assert.rejects(through(concat([hex(magic), content]), decompress(options), 3), refusal);
      const { stream, seen } = endless(hex(magic), new Uint8Array(1000));
      await assert.rejects(givenOut(stream.pipeThrough(decompress(options))), refusal);
      assert.ok(seen.cancelled && seen.taken < 100_000);
    });
  }
});
