import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { openImage } from "../../../../src/image/mod.ts";
import { digestAt, imageOf, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry digest", () => {
  it("prints the digest of an image", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("some/app");
      await copy(imageOf("one"), app, { name: "v1" });
      const digest = await digestAt(app, "v1");
      const name = `${host}/some/app:v1`;
      assert.equal(printed(await gantry("digest", name)), `${digest}\n`);
      assert.equal(printed(await gantry("digest", "--full-ref", name)), `${host}/some/app@${digest}\n`);
      const { descriptor } = await app.resolve("v1");
      assert.deepEqual(JSON.parse(printed(await gantry("digest", "--json", name))), descriptor);
    }));

  it("prints the digest of an index, or of the image for --platform", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const { digest } = await writeIndex(repository("app"), "v1");
      const arm = await openImage(repository("app"), "v1", {
        platform: { os: "linux", architecture: "arm64" },
      });
      const name = `${host}/app:v1`;
      assert.equal(printed(await gantry("digest", name)), `${digest}\n`);
      assert.equal(printed(await gantry("digest", name, "--platform", "all")), `${digest}\n`);
      assert.equal(
        printed(await gantry("--platform=linux/arm64", "digest", name)),
        `${await arm.digest()}\n`,
      );
    }));
});
