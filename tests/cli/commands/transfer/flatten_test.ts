import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { openImage } from "../../../../src/image/mod.ts";
import { file } from "../../../tar/tools.ts";
import { contents, imageOf } from "../../../tree/support.ts";
import { digestAt, printed, withRegistry, writeIndex } from "../../gantry.ts";

const image = () =>
  imageOf(() => [file("a", "1"), file("b", "1")], () => [file("a", "2"), file(".wh.b", "")]);

describe("gantry flatten", () => {
  it("pushes the flattened image under a new tag, and prints it", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("app");
      const { descriptor } = await copy(image(), app, { name: "v1" });
      const said = printed(await gantry("flatten", `${host}/app:v1`, "-t", `${host}/app:flat`));
      assert.equal(said, `${host}/app@${await digestAt(app, "flat")}\n`);
      const flat = await openImage(app, "flat");
      assert.deepEqual(await contents(flat), { a: "2" });
      assert.equal((await flat.layers()).length, 1);
      assert.equal((await flat.config()).history?.[0]?.created_by, `gantry flatten ${descriptor.digest}`);
      assert.equal(await digestAt(app, "v1"), descriptor.digest);
    }));

  it("without --tag takes the place of the image; one that is named by its digest stays", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("app");
      const { descriptor } = await copy(image(), app, { name: "v1" });
      const byDigest = printed(await gantry("flatten", `${host}/app@${descriptor.digest}`)).trim();
      assert.equal(await digestAt(app, "v1"), descriptor.digest);
      const byTag = printed(await gantry("flatten", `${host}/app:v1`)).trim();
      assert.equal(byTag, byDigest);
      assert.equal(byTag, `${host}/app@${await digestAt(app, "v1")}`);
    }));

  it("flattens all images of an index, or the one for --platform", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const app = repository("app");
      await writeIndex(app, "v1");
      printed(await gantry("flatten", `${host}/app:v1`, "-t", `${host}/app:all`));
      const arm = await openImage(app, "all", { platform: { os: "linux", architecture: "arm64" } });
      assert.deepEqual(await contents(arm), { file: "for arm64" });
      printed(await gantry("flatten", `${host}/app:v1`, "-t", "oci:out:arm", "--platform", "linux/arm64"));
      printed(await gantry("config", "oci:out:arm"));
    }));
});
