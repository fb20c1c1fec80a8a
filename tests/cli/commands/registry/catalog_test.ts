import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry catalog", () => {
  it("lists the repositories of a registry", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      for (const name of ["app", "lib/base"]) await copy(imageOf("one"), repository(name), { name: "v1" });
      assert.equal(printed(await gantry("catalog", host)), "app\nlib/base\n");
      assert.equal(printed(await gantry("catalog", "--full-ref", host)), `${host}/app\n${host}/lib/base\n`);
      const repositories = ["app", "lib/base"];
      const json = printed(await gantry("catalog", "--json", host));
      assert.deepEqual(JSON.parse(json), { registry: host, repositories });
    }));
});
