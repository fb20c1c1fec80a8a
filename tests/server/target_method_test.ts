import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory, type Target } from "../../src/content/mod.ts";
import { HttpError } from "../../src/server/http_error.ts";
import { targetMethod } from "../../src/server/target_method.ts";

describe("a method of a target", () => {
  it("is bound to the target", async () => {
    for await (const name of targetMethod(memory(), "names", "list its tags")()) assert.fail(name);
  });

  it("that is not there is answered with 405, and what the target cannot do", () => {
    const { resolve, open, write, tag } = memory();
    const target: Target = { resolve, open, write, tag };
    assert.throws(() => targetMethod(target, "untag", "remove a tag"), (error) => {
      assert.ok(error instanceof HttpError);
      const entries = [{ code: "UNSUPPORTED", message: "this repository cannot remove a tag" }];
      assert.deepEqual([error.status, error.entries], [405, entries]);
      return true;
    });
  });
});
