import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { openImage } from "../../../../src/image/mod.ts";
import { digestAt, imageOf, manifestAt, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry manifest", () => {
  it("prints the manifest byte for byte, by tag and by digest", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("some/app");
      await copy(imageOf("one"), app, { name: "v1" });
      const manifest = await manifestAt(app, "v1");
      assert.equal(printed(await gantry("manifest", `${host}/some/app:v1`)), manifest);
      const digest = await digestAt(app, "v1");
      assert.equal(printed(await gantry("manifest", `${host}/some/app@${digest}`)), manifest);
    }));

  it("prints the manifest of the image for --platform", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await writeIndex(repository("app"), "v1");
      const arm = await openImage(repository("app"), "v1", {
        platform: { os: "linux", architecture: "arm64" },
      });
      const manifest = new TextDecoder().decode(await arm.rawManifest());
      const printedOne = printed(await gantry("manifest", `${host}/app:v1`, "--platform", "linux/arm64/v8"));
      assert.equal(printedOne, manifest);
    }));
});
