import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, chunksOf, readAll, utf8 } from "../../src/bytes.ts";
import { CutStream, piecesOf } from "../../src/content/pieces.ts";
import { breaking, pieces } from "../../src/testing/content.ts";
import { collect } from "../../src/testing/collect.ts";
import { rejects } from "../../src/testing/errors.ts";

const text = (chunks: Bytes[]) => chunks.map((chunk) => new TextDecoder().decode(chunk));

describe("pieces of a stream", () => {
  it("have one size, whatever that of the chunks; the last may be shorter", async () => {
    for (const size of [1, 2, 3, 10, 100]) {
      const found = await collect(piecesOf(chunksOf(pieces(utf8("0123456789"), size)), 4));
      assert.deepEqual(text(found), ["0123", "4567", "89"], `${size}`);
    }
  });

  it("of an empty stream are none", async () => {
    assert.deepEqual(await collect(piecesOf(chunksOf(pieces(new Uint8Array(0), 1)), 4)), []);
  });

  it("give what came before a failure, and then the failure", async () => {
    const found: Bytes[] = [];
    const all = async () => {
      const stream = breaking(utf8("0123456789"), 6);
      for await (const piece of piecesOf(chunksOf(stream), 4)) found.push(piece);
    };
    await assert.rejects(all(), /the cable was cut/);
    assert.deepEqual(text(found), ["0123", "45"]);
  });
});

describe("a stream that is cut", () => {
  const read = (stream: ReadableStream<Bytes>) => readAll(stream, { limit: 100, what: "a piece" });

  it("gives as many bytes as are asked for, whatever the size of the chunks", async () => {
    for (const size of [1, 2, 3, 10, 100]) {
      const cut = new CutStream(chunksOf(pieces(utf8("0123456789"), size)));
      const found: Bytes[] = [];
      for (const wanted of [4, 0, 1, 5]) found.push(await read(cut.next(wanted)));
      assert.deepEqual(text(found), ["0123", "", "4", "56789"], `${size}`);
      await rejects(read(cut.next(1)), "size-mismatch");
    }
  });

  it("fails as the stream does, and lets go of it", async () => {
    const cut = new CutStream(chunksOf(breaking(utf8("0123456789"), 6)));
    assert.deepEqual(text([await read(cut.next(4))]), ["0123"]);
    await assert.rejects(read(cut.next(4)), /the cable was cut/);
    let cancelled = false;
    const endless = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(utf8("0123")),
      cancel: () => void (cancelled = true),
    }, { highWaterMark: 0 });
    const left = new CutStream(chunksOf(endless));
    await read(left.next(6));
    await left.cancel();
    assert.ok(cancelled);
  });
});
