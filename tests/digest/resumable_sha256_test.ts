import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ResumableSha256 } from "../../src/digest/resumable_sha256.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

function expected(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

describe("a sha256 that can be gone on with", () => {
  it("is the same as others, whatever the length", () => {
    const bytes = randomBytes(300);
    for (let length = 0; length <= bytes.byteLength; length++) {
      const hash = new ResumableSha256();
      hash.update(bytes.subarray(0, length));
      assert.equal(hash.digest(), expected(bytes.subarray(0, length)), String(length));
    }
  });

  it("goes on from a state that was JSON meanwhile, wherever it was cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (pieces) => {
        let hash = new ResumableSha256();
        for (const piece of pieces) {
          hash.update(piece);
          hash = new ResumableSha256(JSON.parse(JSON.stringify(hash.state)));
        }
        assert.equal(hash.digest(), expected(new Uint8Array(pieces.flatMap((piece) => [...piece]))));
        assert.equal(hash.length, pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
      }),
    );
  });

  it("tells the digest so far, and goes on", () => {
    const hash = new ResumableSha256();
    hash.update(new Uint8Array(100));
    assert.equal(hash.digest(), expected(new Uint8Array(100)));
    hash.update(new Uint8Array(28));
    assert.equal(hash.digest(), expected(new Uint8Array(128)));
  });

  it("counts more bits than fit into 32", () => {
    const state = new ResumableSha256().state;
    const hash = new ResumableSha256({ ...state, length: 2 ** 32 });
    // The length is the only difference, and it counts.
    assert.notEqual(hash.digest(), new ResumableSha256(state).digest());
    assert.notEqual(hash.digest(), new ResumableSha256({ ...state, length: 2 ** 33 }).digest());
  });

  it("refuses what is no state of one", async () => {
    const { state } = new ResumableSha256();
    const wrong = [{ ...state, words: [1] }, { ...state, rest: btoa("x") }, { ...state, length: -1 }];
    for (const one of wrong) {
      await rejects(Promise.resolve().then(() => new ResumableSha256(one)), "invalid-document");
    }
  });
});
