import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { check } from "./stacks.ts";

describe("a stack of layers", () => {
  it("is merged as a file system is filled with it", async () => {
    const { merged, refused } = await check(400, 1);
    assert.ok(merged > 200 && refused > 20, `${merged} merged, ${refused} refused`);
  });
});
