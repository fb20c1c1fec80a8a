import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { swapWhileUnpacking } from "./swap.ts";

describe("unpack (F16)", () => {
  it("touches nothing outside while another process swaps what it makes for links", async () => {
    const { unpacked, refused } = await swapWhileUnpacking(1.5);
    assert.ok(unpacked + refused > 0);
  });
});
