import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll, sameBytes } from "../../src/bytes.ts";
import { type RangeOptions, readRange, sliceStream } from "../../src/content/range.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const bytes = randomBytes(10_000);

/** Part of the bytes from somebody who may give other ones. */
async function read(
  [start, end]: readonly [number, number],
  options: RangeOptions,
  given: Bytes = bytes.slice(start, end),
): Promise<Bytes> {
  const range = { start, end, size: bytes.byteLength, what: "test" };
  const stream = await readRange(range, options, () => Promise.resolve(pieces(given, 99)));
  return await readAll(stream, { limit: 1e6, what: "test" });
}

describe("a range", () => {
  it("is verified by the digest that is given for it", async () => {
    const digest = await digestBytes(bytes.slice(100, 5000));
    assert.ok(sameBytes(await read([100, 5000], { digest }), bytes.slice(100, 5000)));
    await rejects(read([101, 5001], { digest }), "digest-mismatch", /bytes 101 to 5001 of test/);
    await rejects(read([100, 5000], { digest }, bytes.slice(100)), "size-mismatch");
  });

  it("comes unverified only when it is asked for like that", async () => {
    const other = randomBytes(10);
    assert.ok(sameBytes(await read([5, 15], { unverified: true }, other), other));
    await assert.rejects(read([5, 15], {} as RangeOptions), TypeError);
  });

  it("has as many bytes as were asked for, verified or not", async () => {
    await rejects(
      read([5, 15], { unverified: true }, randomBytes(9)),
      "size-mismatch",
      /9 bytes, expected 10/,
    );
    await rejects(read([5, 15], { unverified: true }, randomBytes(11)), "size-mismatch", /more than/);
  });

  it("is inside the bytes, and goes forward", async () => {
    await rejects(read([9999, 10_001], { unverified: true }), "size-mismatch", /only 10000 bytes/);
    for (const range of [[-1, 5], [5, 4], [0, 0.5], [0, Infinity]] as const) {
      await assert.rejects(read(range, { unverified: true }), RangeError);
    }
  });

  it("of no bytes asks nobody", async () => {
    const open = () => Promise.reject(new Error("asked"));
    const none = await readRange({ start: 7, end: 7, what: "test" }, { unverified: true }, open);
    assert.equal((await readAll(none, { limit: 1, what: "test" })).byteLength, 0);
  });
});

describe("a slice of a stream", () => {
  it("has these bytes, however they come, and reads little more", async () => {
    for (const size of [1, 7, 100, 20_000]) {
      const slice = sliceStream(pieces(bytes, size), 150, 290);
      assert.ok(
        sameBytes(await readAll(slice, { limit: 1e6, what: "test" }), bytes.slice(150, 290)),
        `${size}`,
      );
    }
    let cancelled = false;
    const endless = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(new Uint8Array(100)),
      cancel: () => void (cancelled = true),
    });
    assert.equal(
      (await readAll(sliceStream(endless, 50, 1050), { limit: 1e6, what: "test" })).byteLength,
      1000,
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(cancelled);
  });
});
