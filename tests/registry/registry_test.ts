import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { registry } from "../../src/registry/mod.ts";

describe("names of registries", () => {
  it("that no URL can hold are refused", () => {
    for (const name of ["127.256.0.1/app", "reg.test:99999/app"]) {
      assert.throws(() => registry(name), (error) => GantryError.is(error, "invalid-name"));
    }
  });
});
