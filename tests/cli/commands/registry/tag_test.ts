import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { digestAt, imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry tag", () => {
  it("gives an image one more tag", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("app");
      await copy(imageOf("one"), app, { name: "v1" });
      assert.equal(printed(await gantry("tag", `${host}/app:v1`, "v2")), "");
      assert.equal(await digestAt(app, "v2"), await digestAt(app, "v1"));
    }));
});
