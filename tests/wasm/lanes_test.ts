import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Lane, Lanes } from "../../wasm/lanes.ts";
import { cores, random, sample } from "./cores.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const all = [0, 1, 2, 3] as const;

for (const [name, core] of cores) {
  describe(`Lanes (${name})`, () => {
    it("gives the digests of FIPS 180-4", () => {
      const lanes = new Lanes(core);
      const vectors = [
        ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
        ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
        [
          "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ],
        ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
      ] as const;
      const texts = vectors.map(([text]) => new TextEncoder().encode(text));
      lanes.update4([texts[0], texts[1], texts[2], texts[3]]);
      for (const lane of all) assert.equal(hex(lanes.digest(lane)), vectors[lane]![1]);
      for (const [i, [, digest]] of vectors.entries()) {
        lanes.update(2, texts[i]!);
        assert.equal(hex(lanes.digest(2)), digest);
      }
    });

    it("pads every length of the last block right", () => {
      const lanes = new Lanes(core), bytes = sample(0, 200, 1);
      for (let length = 0; length < 200; length++) {
        const part = bytes.subarray(0, length);
        lanes.update4(all.map(() => part) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]);
        for (const lane of all) assert.equal(hex(lanes.digest(lane)), sha256(part));
      }
    });

    it("keeps streams apart whatever their pieces, stalls, ends and resets", () => {
      fc.assert(
        fc.property(fc.integer(), fc.integer({ min: 2, max: 5 }), (seed, together) => {
          const next = random(seed), lanes = new Lanes(core, { together });
          const hashes = all.map(() => createHash("sha256"));
          for (let step = 0; step < 12; step++) {
            const chunks = all.map(() =>
              next(3) === 0 ? undefined : sample(next(2) * 2, next([70, 700, 200_000][next(3)]!), next(1e9))
            ) as [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?];
            lanes.update4(chunks);
            for (const lane of all) if (chunks[lane]) hashes[lane]!.update(chunks[lane]);
            const lane = next(4) as Lane;
            if (next(3) === 0) {
              assert.equal(hex(lanes.digest(lane)), hashes[lane]!.digest("hex"));
              hashes[lane] = createHash("sha256");
            } else if (next(5) === 0) {
              lanes.reset(lane);
              hashes[lane] = createHash("sha256");
            }
          }
          for (const lane of all) assert.equal(hex(lanes.digest(lane)), hashes[lane]!.digest("hex"));
        }),
        { numRuns: 60 },
      );
    });

    it("leaves the caller's bytes alone", () => {
      const lanes = new Lanes(core), bytes = sample(0, 1000, 7), copy = bytes.slice();
      lanes.update4([bytes, bytes]);
      assert.deepEqual(bytes, copy);
    });
  });
}
