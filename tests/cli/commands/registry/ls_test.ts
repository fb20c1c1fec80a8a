import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry ls and catalog", () => {
  it("lists tags and repositories", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      for (const tag of ["v1", "v2", "sha256-abc.sig"]) {
        await copy(imageOf("one"), repository("app"), { name: tag });
      }
      await copy(imageOf("two"), repository("lib/base"), { name: "latest" });
      assert.equal(printed(await gantry("ls", `${host}/app`)), "sha256-abc.sig\nv1\nv2\n");
      assert.equal(
        printed(await gantry("ls", "-O", "--full-ref", `${host}/app`)),
        `${host}/app:v1\n${host}/app:v2\n`,
      );
      assert.equal(printed(await gantry("catalog", host)), "app\nlib/base\n");
      assert.equal(printed(await gantry("catalog", "--full-ref", host)), `${host}/app\n${host}/lib/base\n`);
    }));
});
