import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { emptyImage, openImage } from "../../../../src/image/mod.ts";
import { file } from "../../../tar/tools.ts";
import { contents, imageOf } from "../../../tree/support.ts";
import { printed, withRegistry } from "../../gantry.ts";

const base = () => imageOf(() => [file("a", "1"), file("b", "1")]);
const image = () =>
  imageOf(
    () => [file("a", "1"), file("b", "1")],
    () => [file("c", "2"), file(".wh.b", "")],
    () => [file("c", "3")],
  );

describe("gantry squash", () => {
  it("makes one layer of those above a base, or of a range", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(base(), repository("base"), { name: "v1" });
      const { descriptor } = await copy(image(), repository("app"), { name: "v1" });
      const above = printed(
        await gantry("squash", `${host}/app:v1`, "--base", `${host}/base:v1`, "-t", `${host}/app:two`),
      );
      const two = await openImage(repository("app"), "two");
      assert.equal(above, `${host}/app@${await two.digest()}\n`);
      assert.equal((await two.layers()).length, 2);
      assert.deepEqual(await contents(two), { a: "1", c: "3" });
      printed(
        await gantry("squash", `${host}/app:v1`, "--from", "1", "--to", "3", "-t", `${host}/app:range`),
      );
      assert.equal(await (await openImage(repository("app"), "range")).digest(), await two.digest());
      assert.equal((await repository("app").resolve("v1")).descriptor.digest, descriptor.digest);
    }));

  it("refuses a base that it is not, and layers that are not there", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(image(), repository("app"), { name: "v1" });
      const other = imageOf(() => [file("x", "1")]);
      await copy(other, repository("base"), { name: "v1" });
      await copy(emptyImage(), repository("base"), { name: "empty" });
      const wrong = await gantry("squash", `${host}/app:v1`, "--base", `${host}/base:v1`);
      assert.match(wrong.stderr, /squash image: it is not built on the base, whose layer 0 is sha256:/);
      const far = await gantry("squash", `${host}/app:v1`, "--from", "3");
      assert.match(far.stderr, /squash layers 3 to 3: the image has 3\n$/);
      printed(
        await gantry("squash", `${host}/app:v1`, "--base", `${host}/base:empty`, "-t", `${host}/app:one`),
      );
      assert.equal((await (await openImage(repository("app"), "one")).layers()).length, 1);
    }));
});
