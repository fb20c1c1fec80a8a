import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { caseOf, fuzz, seeds, useAll } from "../fuzz/archive_cases.ts";
import { tarOf } from "./support.ts";

describe("archives with something wrong in them", () => {
  it("are made of good ones", async () => {
    for (const [i, files] of (await seeds()).entries()) {
      assert.equal(await useAll(await tarOf(files)), "read", `${i}`);
    }
  });

  it("are the same for the same seed", async () => {
    const from = await seeds();
    for (const n of [0, 1, 2]) assert.deepEqual(await caseOf(n, 7, from), await caseOf(n, 7, from));
  });

  it("are read or refused, and nothing else", async () => {
    const { read, refused } = await fuzz(600, 1);
    assert.equal(read + refused, 600);
    assert.ok(read > 20 && refused > 200, `${read} read, ${refused} refused`);
  });
});
