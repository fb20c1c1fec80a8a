import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { configAt, imageOf, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry config", () => {
  it("prints the config byte for byte", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("some/app");
      await copy(imageOf("one"), app, { name: "v1" });
      assert.equal(
        printed(await gantry("config", `docker://${host}/some/app:v1`)),
        await configAt(app, "v1"),
      );
    }));

  it("takes the image of an index for linux/amd64, or for --platform", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await writeIndex(repository("app"), "v1");
      const name = `${host}/app:v1`;
      assert.match(printed(await gantry("config", name)), /"architecture":"amd64"/);
      const arm = printed(await gantry("config", name, "--platform", "linux/arm64"));
      assert.match(arm, /"architecture":"arm64"/);
    }));
});
