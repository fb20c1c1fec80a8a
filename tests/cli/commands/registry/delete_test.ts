import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { digestAt, imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry delete", () => {
  it("deletes a tag alone, or a manifest with all its tags", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("app");
      const { descriptor } = await copy(imageOf("one"), app, { name: "v1" });
      for (const tag of ["v2", "v3"]) await app.tag(tag, descriptor);
      assert.equal(printed(await gantry("delete", `${host}/app:v2`)), "");
      await assert.rejects(app.resolve("v2"));
      assert.equal(await digestAt(app, "v1"), descriptor.digest);
      assert.equal(printed(await gantry("delete", `${host}/app@${descriptor.digest}`)), "");
      for (const name of ["v1", "v3", descriptor.digest]) await assert.rejects(app.resolve(name));
    }));
});
