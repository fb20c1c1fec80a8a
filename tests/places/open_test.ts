import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy, image, layout, memory, openPlace } from "../../mod.ts";
import { fails } from "../../src/testing/errors.ts";
import { inDirectory } from "../support/directory.ts";
import { platformImage } from "./support.ts";

describe("image and openPlace", () => {
  it("takes sources, targets and images wherever strings go", async () => {
    const target = memory();
    const { descriptor } = await copy(platformImage("amd64"), { target, name: "v1" });
    const other = memory();
    await copy({ source: target, name: "v1" }, { target: other, name: "v2" });
    await copy({ target: other }, { target: other, name: "v3" });
    await copy(await openPlace({ source: other, name: "v2" }), { target: other });
    for (const name of ["v2", "v3", descriptor.digest]) {
      assert.equal(await (await image({ source: other, name })).digest(), descriptor.digest);
    }
    const given = platformImage("arm64");
    assert.equal(await image(given), given);
  });

  it("writes untagged where no name is given, and reads the only image there is", () =>
    inDirectory(async (directory) => {
      const here = `oci:${join(directory, "images")}`;
      await assert.rejects(image(here), fails("not-found", /images/));
      const { descriptor } = await copy(platformImage("amd64"), here);
      assert.equal(await (await image(here)).digest(), descriptor.digest);
      await copy(here, `${here}:one`);
      assert.equal(await (await image(here)).digest(), descriptor.digest);
      await copy(platformImage("arm64"), `${here}:two`);
      await assert.rejects(image(here), fails("invalid-name", /it holds 2 images, name one \(one, two\)/));
      const names = [];
      for await (const name of layout(join(directory, "images")).names()) names.push(name);
      assert.deepEqual(names, ["one", "two"]);
    }));

  it("refuses an image of what is none", async () => {
    const [part] = await platformImage("amd64").layers();
    await assert.rejects(image(part!), fails("unsupported", /not an image/));
  });
});
