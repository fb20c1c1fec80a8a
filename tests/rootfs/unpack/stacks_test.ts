import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { check } from "./stacks.ts";

describe("a stack of layers", () => {
  it("is unpacked as a file system is filled with it", async () => {
    const { unpacked, refused } = await check(100, 1);
    assert.ok(unpacked > 50 && refused > 5, `${unpacked} unpacked, ${refused} refused`);
  });
});
