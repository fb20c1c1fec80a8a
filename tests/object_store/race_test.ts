import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { raceStores } from "./race.ts";

describe("writers and garbage collection in a bucket", () => {
  it("take nothing from each other, in whatever order their requests arrive", async () => {
    const { pushed, collections } = await raceStores({ count: 2, seed: 1 });
    assert.ok(pushed === 24 && collections > 0);
  });
});
