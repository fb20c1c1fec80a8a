import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry ls", () => {
  it("lists the tags of a repository", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      for (const tag of ["v1", "v2", "sha256-abc.sig"]) {
        await copy(imageOf("one"), repository("app"), { name: tag });
      }
      assert.equal(printed(await gantry("ls", `${host}/app`)), "sha256-abc.sig\nv1\nv2\n");
      assert.equal(
        printed(await gantry("ls", "-O", "--full-ref", `${host}/app`)),
        `${host}/app:v1\n${host}/app:v2\n`,
      );
      assert.deepEqual(JSON.parse(printed(await gantry("ls", "-O", "--json", `${host}/app`))), {
        repository: `${host}/app`,
        tags: ["v1", "v2"],
      });
    }));

  it("lists the names in layouts and archives", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      for (const place of ["oci:images", "docker-archive:app.tar"]) {
        printed(await gantry("copy", `${host}/app:v1`, `${place}:app:v1`));
        assert.equal(printed(await gantry("ls", place)), "app:v1\n");
        assert.equal(printed(await gantry("ls", "--full-ref", place)), `${place}:app:v1\n`);
      }
    }));
});
