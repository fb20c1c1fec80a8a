import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UploadSpeed } from "../../src/registry/upload_speed.ts";

const mebibyte = 1 << 20;

/** Sends pieces over a link of so many bytes in a millisecond, and gives their sizes. */
async function pieces(link: number, count: number): Promise<number[]> {
  let now = 0;
  const speed = new UploadSpeed(() => now);
  const sizes: number[] = [];
  for (let n = 0; n < count; n++) {
    const size = speed.pieceSize;
    sizes.push(size);
    await speed.measure(size, () => Promise.resolve(void (now += size / link)));
  }
  return sizes;
}

describe("pieces of an upload", () => {
  it("take about ten seconds each on the link at hand, within limits", async () => {
    assert.deepEqual(await pieces(3000, 3), [16 * mebibyte, 30_000_000, 30_000_000]);
    assert.deepEqual(await pieces(100, 3), [16 * mebibyte, 8 * mebibyte, 8 * mebibyte]);
    assert.deepEqual(await pieces(1e6, 2), [16 * mebibyte, 512 * mebibyte]);
  });

  it("do not shrink because the last one of a blob is small", async () => {
    let now = 0;
    const speed = new UploadSpeed(() => now);
    await speed.measure(1000, () => Promise.resolve(void (now += 50)));
    assert.equal(speed.pieceSize, 16 * mebibyte);
  });
});
