import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { openImage } from "../../../../src/image/mod.ts";
import { configAt, digestAt, imageOf, manifestAt, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry digest, manifest and config", () => {
  it("tells digests, manifests and configs", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("some/app");
      await copy(imageOf("one"), app, { name: "v1" });
      const digest = await digestAt(app, "v1");
      const name = `${host}/some/app:v1`;
      assert.equal(printed(await gantry("digest", name)), `${digest}\n`);
      assert.equal(printed(await gantry("digest", "--full-ref", name)), `${host}/some/app@${digest}\n`);
      assert.equal(printed(await gantry("manifest", name)), await manifestAt(app, "v1"));
      assert.equal(
        printed(await gantry("manifest", `${host}/some/app@${digest}`)),
        await manifestAt(app, "v1"),
      );
      assert.equal(printed(await gantry("config", `docker://${name}`)), await configAt(app, "v1"));
    }));

  it("chooses of an index by --platform", () =>
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
      const manifest = new TextDecoder().decode(await arm.rawManifest());
      assert.equal(printed(await gantry("manifest", name, "--platform", "linux/arm64/v8")), manifest);
      assert.match(printed(await gantry("config", name)), /"architecture":"amd64"/);
      assert.match(
        printed(await gantry("config", name, "--platform", "linux/arm64")),
        /"architecture":"arm64"/,
      );
    }));
});
