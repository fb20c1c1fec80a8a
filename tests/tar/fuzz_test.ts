import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { check, generated, generator, handmade, makeCase } from "../fuzz/tar_cases.ts";

describe("mutated tars", () => {
  it("are read or refused, never anything else", async () => {
    const seed = 20260801;
    const tars = [...handmade, ...await generated(20, generator(seed))];
    const outcomes = { read: 0, refused: 0 };
    for (let n = 0; n < 2000; n++) {
      const outcome = await check(makeCase(n, seed, tars)).catch((cause) => {
        throw new Error(`case ${n} of seed ${seed}`, { cause });
      });
      outcomes[outcome]++;
    }
    assert.ok(outcomes.read > 300 && outcomes.refused > 300, JSON.stringify(outcomes));
  });
});
