import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type Bytes, concat } from "../../src/bytes.ts";
import { decompress, gunzip } from "../../src/codec/mod.ts";
import { fails } from "../../src/testing/errors.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { sample, source, through } from "../support/streams.ts";

const content = concat([randomBytes(700_000, 1), sample(900_000), new Uint8Array(3_000_000)]);
const packed = new Uint8Array(gzipSync(content));
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** What comes out of a thread, and the hash that it was said to have. */
async function unpack(input: Uint8Array, piece?: number): Promise<[content: Bytes, hash: Bytes | undefined]> {
  let hash: Promise<Bytes> | undefined;
  const transform = decompress({ engine: "wasm", thread: true, onHash: (promise) => hash = promise });
  try {
    return [await through(input, transform, piece), await hash];
  } catch (error) {
    if (hash) await assert.rejects(hash, "what breaks has no hash");
    throw error;
  }
}

describe("gunzip in a thread", () => {
  it("gives what went in, and its sha256, however the input is cut", async () => {
    for (const piece of [10_000, 65536, packed.byteLength]) {
      const [unpacked, hash] = await unpack(packed, piece);
      assert.deepEqual(unpacked, content);
      assert.deepEqual(hash, sha256(content));
    }
  });

  it("takes members, empty ones, and zeros at the end", async () => {
    const empty = new Uint8Array(gzipSync(""));
    const small = Array.from({ length: 50 }, () => new Uint8Array(gzipSync("small")));
    const input = concat([empty, packed, ...small, packed, empty, new Uint8Array(5000)]);
    const all = concat([content, new TextEncoder().encode("small".repeat(50)), content]);
    const [unpacked, hash] = await unpack(input, 50_000);
    assert.deepEqual(unpacked, all);
    assert.deepEqual(hash, sha256(all));
  });

  it("takes a long input, whose memory it uses again", async () => {
    const input = concat(Array.from({ length: 12 }, () => packed));
    const all = sha256(concat(Array.from({ length: 12 }, () => content)));
    for (const piece of [70_000, 300_000, 999_999]) {
      const [unpacked, hash] = await unpack(input, piece);
      assert.deepEqual([sha256(unpacked), hash], [all, all]);
    }
  });

  it("leaves a small input to the caller's thread, and the hash too", async () => {
    const [unpacked, hash] = await unpack(new Uint8Array(gzipSync("small")));
    assert.equal(new TextDecoder().decode(unpacked), "small");
    assert.equal(hash, undefined);
  });

  it("refuses what is cut short, changed or followed by something", async () => {
    const changed = packed.slice();
    changed[changed.byteLength - 6]! ^= 1;
    const cases: [Uint8Array, RegExp][] = [
      [packed.subarray(0, -1), /unexpected end at byte \d+$/],
      [packed.subarray(0, 600_000), /unexpected end at byte 600000$/],
      [changed, /: wrong checksum of the member at byte 0, at byte \d+$/],
      [concat([packed, Uint8Array.of(1)]), /something other than zeros follows$/],
      [
        concat([packed.subarray(0, 400_000), new Uint8Array(300_000).fill(255)]),
        /: inflate: .* at byte \d+$/,
      ],
    ];
    for (const [input, message] of cases) {
      await assert.rejects(unpack(input, 40_000), fails("invalid-archive", message));
    }
  });

  it("keeps to the limits, and makes no more than a few pieces that nobody asks for", async () => {
    const bomb = concat([packed, new Uint8Array(gzipSync(new Uint8Array(200_000_000)))]);
    const limited = gunzip({ engine: "wasm", thread: true, limits: { output: 5_000_000 } });
    await assert.rejects(through(bomb, limited), fails("too-large", /more than 5000000 bytes/));
  });

  it("takes no more input when the reader leaves, and has the next stream decompressed", async () => {
    const long = concat(Array.from({ length: 20 }, () => packed));
    const { stream, seen } = source(long);
    const reader = stream.pipeThrough(gunzip({ engine: "wasm", thread: true })).getReader();
    assert.ok((await reader.read()).value);
    await reader.cancel("enough");
    assert.equal(seen.cancelled, "enough");
    assert.ok(seen.taken < long.byteLength / 2, `${seen.taken} bytes were taken`);
    assert.deepEqual((await unpack(packed))[0], content);
  });

  it("passes the errors of the input on", async () => {
    const error = new Error("the cable was cut");
    let given = 0;
    const input = new ReadableStream<Bytes>({
      pull(controller) {
        if (given > 500_000) return controller.error(error);
        controller.enqueue(packed.slice(given, given += 50_000));
      },
    });
    const output = input.pipeThrough(gunzip({ engine: "wasm", thread: true }));
    await assert.rejects(output.pipeTo(new WritableStream()), error);
  });

  it("decompresses several streams side by side", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => unpack(packed, 100_000)));
    for (const [unpacked, hash] of all) {
      assert.deepEqual(unpacked, content);
      assert.deepEqual(hash, sha256(content));
    }
  });
});
