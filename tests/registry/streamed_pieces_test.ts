import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll } from "../../src/bytes.ts";
import type { ContentOptions } from "../../src/content/contracts.ts";
import { type Piece, streamedPieces } from "../../src/registry/streamed_pieces.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const mebibyte = 1 << 20;

/** Content of so many MiB that knows where it was opened. */
function content(size: number, really = size) {
  const opened: number[] = [];
  const open = ({ start = 0 }: ContentOptions = {}) => {
    opened.push(start / mebibyte);
    let at = start;
    return Promise.resolve(
      new ReadableStream<Bytes>({
        pull(controller) {
          const chunk = new Uint8Array(Math.min(3 * mebibyte, really * mebibyte - at)).fill(at / mebibyte);
          at += chunk.byteLength;
          if (chunk.byteLength > 0) controller.enqueue(chunk);
          else controller.close();
        },
      }, { highWaterMark: 0 }),
    );
  };
  return { opened, content: { ...plainContent(new Uint8Array(0)), size: size * mebibyte, open } as Piece };
}

/** Reads all pieces, of which each takes so many seconds for a MiB, and gives their sizes in MiB. */
async function sizesOf(
  of: Piece,
  { start = 0, pace = 0, most = Infinity, read = readPiece } = {},
): Promise<{ sizes: number[]; seen: number; again: number }> {
  const sizes: number[] = [];
  let now = 0, seen = 0, again = 0;
  const pieces = streamedPieces(of, {
    start: start * mebibyte,
    sizeOf: (wanted) => Math.min(wanted, most * mebibyte),
    seen: (chunk) => void (seen += chunk.byteLength / mebibyte),
    again: () => void again++,
    now: () => now,
  });
  for await (const piece of pieces) {
    await read(piece);
    now += pace * 1000 * piece.size / mebibyte;
    sizes.push(piece.size / mebibyte);
  }
  return { sizes, seen, again };
}

async function readPiece(piece: Piece): Promise<void> {
  const bytes = await readAll(await piece.open(), { limit: 1e9, what: "a piece" });
  assert.equal(bytes.byteLength, piece.size);
}

describe("content in pieces that are read while they are sent", () => {
  it("is opened once, and is one piece where no large part of it would remain", async () => {
    for (const [size, sizes] of [[1, [1]], [32, [32]], [33, [16, 17]]] as const) {
      const { content: it, opened } = content(size);
      assert.deepEqual(await sizesOf(it, { pace: 0.6 }), { sizes, seen: size, again: 0 });
      assert.deepEqual(opened, [0]);
    }
  });

  it("has pieces that take about ten seconds, of 8 to 512 MiB", async () => {
    assert.deepEqual((await sizesOf(content(96).content, { pace: 0.5 })).sizes, [16, 20, 20, 40]);
    assert.deepEqual((await sizesOf(content(50).content, { pace: 100 })).sizes, [16, 8, 8, 8, 10]);
    const skipped = () => Promise.resolve();
    const fast = { pace: 0.001, read: skipped };
    assert.deepEqual((await sizesOf(content(2000).content, fast)).sizes, [16, 512, 512, 960]);
  });

  it("has pieces of the sizes that the registry takes", async () => {
    assert.deepEqual((await sizesOf(content(20).content, { most: 8 })).sizes, [8, 8, 4]);
  });

  it("goes on in the middle", async () => {
    const { content: it, opened } = content(40);
    assert.deepEqual(await sizesOf(it, { start: 6, pace: 1 }), { sizes: [16, 18], seen: 34, again: 0 });
    assert.deepEqual(opened, [6]);
    assert.deepEqual((await sizesOf(it, { start: 40 })).sizes, []);
  });

  it("is read again for a piece that is sent again", async () => {
    const { content: it, opened } = content(40);
    const read = async (piece: Piece) => {
      const broken = (await piece.open()).getReader();
      await broken.read();
      await broken.cancel();
      await readPiece(piece);
    };
    assert.equal((await sizesOf(it, { pace: 0.5, read })).again, 2);
    assert.deepEqual(opened, [0, 0, 16]);
  });

  it("fails where it ends too early", async () => {
    await rejects(sizesOf(content(20, 19).content), "size-mismatch", /1048576 bytes too early/);
  });
});
