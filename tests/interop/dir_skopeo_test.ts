import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy, image, layout, memory } from "../../mod.ts";
import { writeIndex } from "../cli/gantry.ts";
import { assertFacts, factsOf, inDirectory, realImage } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

const skopeo = (...args: string[]) => run("skopeo", "--insecure-policy", ...args);

describe("skopeo and directories of one image", needs("skopeo"), () => {
  it("reads what we write", () =>
    inDirectory(async (directory) => {
      const app = await realImage();
      await copy(app, `dir:${join(directory, "app")}`);
      await skopeo("copy", `dir:${join(directory, "app")}`, `oci:${join(directory, "layout")}:v1`);
      const { descriptor } = await layout(join(directory, "layout")).resolve("v1");
      assert.equal(descriptor.digest, await app.digest());
    }));

  it("writes what we read", () =>
    inDirectory(async (directory) => {
      const app = await realImage();
      await copy(app, `oci:${join(directory, "layout")}:v1`);
      await skopeo("copy", `oci:${join(directory, "layout")}:v1`, `dir:${join(directory, "app")}`);
      const target = memory();
      const { descriptor } = await copy(`dir:${join(directory, "app")}`, { target, name: "v1" });
      assert.equal(descriptor.digest, await app.digest());
      assertFacts(await factsOf(await image({ target, name: "v1" })), await factsOf(app));
    }));

  it("exchanges indexes whole", () =>
    inDirectory(async (directory) => {
      const source = memory();
      const { digest } = await writeIndex(source, "v1");
      const path = (name: string) => join(directory, name);
      await copy({ source, name: "v1" }, `dir:${path("ours")}`);
      await skopeo("copy", "--all", `dir:${path("ours")}`, `dir:${path("theirs")}`);
      const { descriptor } = await copy(`dir:${path("theirs")}`, `oci:${path("layout")}`);
      assert.equal(descriptor.digest, digest);
    }));

  it("replaces our image, and we replace one of skopeo's", () =>
    inDirectory(async (directory) => {
      const [one, two] = [await realImage("one"), await realImage("two")];
      const to = `dir:${join(directory, "app")}`;
      await copy(two, `oci:${join(directory, "layout")}:v1`);
      await copy(one, to);
      await skopeo("copy", `oci:${join(directory, "layout")}:v1`, to);
      assert.equal(await (await image(to)).digest(), await two.digest());
      await copy(one, to);
      assert.equal(await (await image(to)).digest(), await one.digest());
    }));
});
