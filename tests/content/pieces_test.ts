import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, chunksOf, utf8 } from "../../src/bytes.ts";
import { piecesOf } from "../../src/content/pieces.ts";
import { breaking, pieces } from "../../src/testing/content.ts";
import { collect } from "../../src/testing/collect.ts";

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
