import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { giveBack, lend } from "../src/lent.ts";

describe("a lent piece", () => {
  it("goes back to its owner once", () => {
    const piece = new Uint8Array(8), back: ArrayBuffer[] = [];
    assert.equal(lend(piece, (memory) => void back.push(memory)), piece);
    assert.equal(giveBack(piece), true);
    assert.equal(giveBack(piece), false);
    assert.deepEqual(back, [piece.buffer]);
  });

  it("stays away as long as only a part of it is given back", () => {
    const piece = lend(new Uint8Array(8), () => assert.fail());
    assert.equal(giveBack(piece.subarray(0, 4)), false);
    assert.equal(giveBack(new Uint8Array(piece.buffer)), false);
  });
});
