import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Target } from "../../src/content/contracts.ts";
import { memory, requireMethod } from "../../src/content/mod.ts";
import { collect } from "../../src/testing/collect.ts";

describe("requireMethod", () => {
  it("gives the method, bound", async () => {
    const names = requireMethod<Target, "names">(memory(), "names", "list the names");
    assert.deepEqual(await collect(names()), []);
  });

  it("says what cannot be done where there is none", () => {
    const target: Target = Object.assign(memory(), { untag: undefined as never });
    assert.throws(() => requireMethod(target, "untag", "untag v1"), {
      code: "unsupported",
      message: "untag v1: this kind of place cannot do that",
    });
  });
});
