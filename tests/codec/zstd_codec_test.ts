/** What only zstd-codec is guarded against; what all engines must do is in unzstd_test.ts and encode_test.ts. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { type Bytes, concat } from "../../src/bytes.ts";
import { unzstd, zstd } from "../../src/codec/mod.ts";
import { ZstdCodecStream } from "../../src/codec/zstd_codec_stream.ts";
import { outcome, sample, source, through } from "../support/streams.ts";

const engine = "zstd-codec";
const mebibyte = 1024 ** 2;
const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));
const bytes = fc.integer({ min: 1, max: 1000 }).chain((seed) =>
  fc.integer({ min: 0, max: 300_000 }).map((length) => sample(length, seed))
);

describe("zstd-codec and node:zlib", () => {
  it("read each other, whatever the level, the header and the cut", async () => {
    const flag = fc.constantFrom(0, 1);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(bytes, fc.uint8Array({ maxLength: 300 })),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 200_000 }),
        flag,
        flag,
        async (content, level, size, checksum, known) => {
          const piece = Math.max(size, Math.ceil(content.byteLength / 500));
          const ours = await through(content, zstd({ engine, level }), piece);
          assert.deepEqual(new Uint8Array(zstdDecompressSync(ours)), new Uint8Array(content));
          const params = {
            [constants.ZSTD_c_compressionLevel]: level,
            [constants.ZSTD_c_checksumFlag]: checksum,
            [constants.ZSTD_c_contentSizeFlag]: known,
          };
          const theirs = concat([new Uint8Array(zstdCompressSync(content, { params })), ours]);
          assert.deepEqual(await through(theirs, unzstd({ engine }), piece), concat([content, content]));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("read each other around the edges of blocks, also what cannot be compressed", async () => {
    const block = 128 * 1024;
    const noise = crypto.getRandomValues(new Uint8Array(3 * block + 1).subarray(0, 65_536));
    const content = concat([...Array(7).keys()].map((n) => noise.map((byte) => byte ^ (n * 37))));
    for (
      const length of [0, 1, block - 1, block, block + 1, 2 * block, 3 * block - 1, 3 * block, 3 * block + 1]
    ) {
      for (const piece of [block, 100_003]) {
        const ours = await through(content.subarray(0, length), zstd({ engine, level: 1 }), piece);
        assert.deepEqual(new Uint8Array(zstdDecompressSync(ours)), content.slice(0, length));
        assert.deepEqual(await through(ours, unzstd({ engine }), piece), content.slice(0, length));
      }
    }
  });
});

describe("unzstd by zstd-codec", () => {
  it("has the memory for the largest windows that it takes, in several streams at once", async () => {
    // Every 7 MiB the same: a decoder without the whole window has nothing to copy from.
    const part = sample(7 * mebibyte, 3);
    const content = concat([part, part, part]);
    const { ZSTD_c_windowLog, ZSTD_c_enableLongDistanceMatching } = constants;
    const params = { [ZSTD_c_windowLog]: 23, [ZSTD_c_enableLongDistanceMatching]: 1 };
    const compressed = await streamed(content, params);
    assert.ok(compressed.byteLength < part.byteLength);
    const all = await Promise.all([1, 2, 3].map(() => through(compressed, unzstd({ engine }))));
    for (const output of all) assert.ok(equal(output, content));
  });

  it("says what has more memory", async () => {
    const input = hex("28b52ffd00" + "70" + "09000042");
    await assert.rejects(through(input, unzstd({ engine, what: "layer 3" })), {
      code: "too-large",
      message:
        `unzstd layer 3: a window of 16777216 bytes at byte 0, at most 8388608 for the engine "zstd-codec"; ` +
        `"node:zlib" in Deno, Bun and Node has more`,
    });
  });

  it("refuses all that is cut short where a block ends, which it does not notice by itself", async () => {
    const frame = hex("28b52ffd0058" + "08000041" + "08000041" + "09000042");
    assert.equal(new TextDecoder().decode(await through(frame, unzstd({ engine }))), "AAB");
    for (let length = 0; length < frame.byteLength; length++) {
      assert.equal(await outcome(through(frame.subarray(0, length), unzstd({ engine }))), "invalid-archive");
    }
  });

  it("gives a block at a time, so that a bomb stays in its box", async () => {
    // A window of 2 MiB, and blocks of four bytes that become 128 KiB each: 4 GiB in all.
    const bomb = concat([hex("28b52ffd0058"), ...Array(32_768).fill(hex("02001000")), hex("010000")]);
    const { stream, seen } = source(bomb, bomb.byteLength);
    const reader = stream.pipeThrough(unzstd({ engine, limits: { ratio: Infinity } })).getReader();
    for (let n = 0; n < 100; n++) assert.ok((await reader.read()).value!.byteLength <= 131_072);
    await reader.cancel("enough");
    assert.equal(seen.taken, bomb.byteLength);
  });

  it("takes garbage for garbage, and goes on with the next stream", async () => {
    const params = { [constants.ZSTD_c_checksumFlag]: 1 };
    const content = concat([sample(30_000), new Uint8Array(20_000), sample(90_000, 5)]);
    const whole = new Uint8Array(zstdCompressSync(content, { params }));
    const change = fc.tuple(fc.nat(whole.byteLength - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), async (changes) => {
        const input = whole.slice();
        for (const [at, byte] of changes) input[at] = byte;
        const result = await outcome(through(input, unzstd({ engine })));
        if (typeof result === "string") assert.match(result, /^(invalid-archive|too-large)$/);
        else assert.deepEqual(result, content);
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.nat(255), async (noise, descriptor) => {
        const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, descriptor & 0xe7, 0x58);
        const result = await outcome(through(concat([head, noise]), unzstd({ engine })));
        if (typeof result === "string") assert.match(result, /^(invalid-archive|too-large)$/);
      }),
      { numRuns: 500 },
    );
    assert.deepEqual(await through(whole, unzstd({ engine })), content);
  });

  it("gives back its memory, whether a stream ends, breaks or is left", async () => {
    // Each takes more than half of the memory that an instance has.
    const frame = await streamed(sample(500_000), { [constants.ZSTD_c_windowLog]: 23 });
    const broken = frame.slice();
    broken[200_000]! ^= 0xff;
    broken[7]! |= 6; // A reserved type of block.
    for (let n = 0; n < 12; n++) {
      assert.equal((await through(frame, unzstd({ engine }))).byteLength, 500_000);
      assert.equal(await outcome(through(broken, unzstd({ engine }))), "invalid-archive");
      const reader = source(frame).stream.pipeThrough(unzstd({ engine })).getReader();
      await reader.read();
      await reader.cancel();
    }
  });

  it("loses an instance that ran out of memory, and takes another", async () => {
    await assert.rejects(ZstdCodecStream.start("zstd", 19), {
      code: "too-large",
      message: "zstd: more than the memory of zstd-codec",
    });
    const content = sample(10_000);
    assert.deepEqual(await through(await through(content, zstd({ engine })), unzstd({ engine })), content);
  });

  it("says so where a runtime forbids what it needs", async () => {
    const busy = await Promise.all(Array.from({ length: 8 }, () => ZstdCodecStream.start("unzstd")));
    const { Function } = globalThis;
    function forbidden() {
      throw new EvalError("forbidden");
    }
    Object.assign(globalThis, { Function: forbidden });
    try {
      await assert.rejects(ZstdCodecStream.start("unzstd"), {
        code: "no-engine",
        message: /^load zstd-codec: /,
      });
    } finally {
      Object.assign(globalThis, { Function });
      for (const machine of busy) machine.free();
    }
    (await ZstdCodecStream.start("unzstd")).free();
  });
});

describe("zstd by zstd-codec", () => {
  it("refuses levels that it does not have", () => {
    for (const level of [0, -1, 1.5, 10, 22, NaN]) {
      assert.throws(() => zstd({ engine, level }), {
        code: "unsupported",
        message: `zstd: level ${level} is not one of 1 to 9, which the engine "zstd-codec" has; ` +
          `"node:zlib" in Deno, Bun and Node has 22`,
      });
    }
  });

  it("compresses as it is asked, and takes no more than it needs for that", async () => {
    const { stream, seen } = source(sample(20 * mebibyte));
    const reader = stream.pipeThrough(zstd({ engine })).getReader();
    for (let n = 1; n <= 20; n++) {
      await reader.read();
      assert.ok(seen.taken <= (n + 2) * 128 * 1024, `${seen.taken} after ${n}`);
    }
    await reader.cancel("enough");
    assert.equal(seen.cancelled, "enough");
  });

  it("passes on what breaks its input", async () => {
    let pieces = 0;
    const broken = new ReadableStream<Bytes>({
      pull(controller) {
        if (pieces++ === 10) controller.error(new Error("cut"));
        else controller.enqueue(sample(1 << 17));
      },
    });
    await assert.rejects(broken.pipeThrough(zstd({ engine })).pipeTo(new WritableStream()), {
      message: "cut",
    });
  });
});

function streamed(content: Uint8Array, params: Record<number, number>): Promise<Bytes> {
  const machine = createZstdCompress({ params });
  const chunks: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    machine.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    machine.on("error", reject);
    machine.on("end", () => resolve(concat(chunks)));
    machine.end(content);
  });
}

/** As `assert.deepEqual` says it, in less time. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}
