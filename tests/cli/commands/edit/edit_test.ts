import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { openImage, validate } from "../../../../src/image/mod.ts";
import { contentIn } from "../../../image/tars.ts";
import { configAt, imageOf, manifestAt, printed, type RegistryFixture, withRegistry } from "../../gantry.ts";

function withImage(work: (fixture: RegistryFixture & { image: string }) => Promise<void>): Promise<void> {
  return withRegistry(async (fixture) => {
    await copy(imageOf("one"), fixture.repository("app"), { name: "v1" });
    await work({ ...fixture, image: `${fixture.host}/app:v1` });
  });
}

describe("gantry edit config", () => {
  it("puts what is given in its place, byte for byte", () =>
    withImage(async ({ given, host, image, repository }) => {
      const config = (await configAt(repository("app"), "v1")).replace(`"os":"linux"`, ` "os" : "plan9"`);
      assert.equal(
        printed(await given(config, "edit", "config", image, "-t", `${host}/app:v2`)),
        `${host}/app:v2\n`,
      );
      assert.equal(await configAt(repository("app"), "v2"), config);
      assert.deepEqual(await validate(await openImage(repository("app"), "v2")), []);
      const digest = (await repository("app").resolve("v1")).descriptor.digest;
      const out = printed(await given(config, "edit", "config", `${host}/app@${digest}`));
      assert.equal(out, `${host}/app@${(await repository("app").resolve("v2")).descriptor.digest}\n`);
    }));

  it("refuses what is no config, before anything is sent", () =>
    withImage(async ({ given, image, log, repository }) => {
      const before = await manifestAt(repository("app"), "v1");
      for (const config of ["", "null", "[]", "{", `{"a":1,"a":2}`]) {
        log.length = 0;
        const { code, stderr } = await given(config, "edit", "config", image);
        assert.equal(code, 1, config);
        assert.match(stderr, /^Error: (?:parse the new config|edit config)/);
        assert.deepEqual(log.filter((line) => !/^(GET|HEAD) /.test(line)), []);
      }
      assert.equal(await manifestAt(repository("app"), "v1"), before);
    }));
});

describe("gantry edit manifest", () => {
  it("puts what is given in its place", () =>
    withImage(async ({ given, image, repository }) => {
      const manifest = (await manifestAt(repository("app"), "v1")).replace(
        /}$/,
        `, "annotations" : {"a":"1"}}`,
      );
      assert.equal(printed(await given(manifest, "edit", "manifest", image)), `${image}\n`);
      assert.equal(await manifestAt(repository("app"), "v1"), manifest);
      for (const broken of ["{}", "null", manifest.replace("sha256:", "sha256:0")]) {
        assert.equal((await given(broken, "edit", "manifest", image)).code, 1);
      }
      assert.equal(await manifestAt(repository("app"), "v1"), manifest);
    }));
});

describe("gantry edit fs", () => {
  it("puts a file into a layer on top", () =>
    withImage(async ({ gantry, given, host, image, repository }) => {
      const args = ["edit", "fs", image, "-t", `${host}/app:v2`, "-f"];
      assert.equal(printed(await given("hello", ...args, "/etc/motd")), `${host}/app:v2\n`);
      const edited = await openImage(repository("app"), "v2");
      const [, top] = await edited.layers();
      assert.equal(await contentIn(top!, "etc/motd"), "hello");
      assert.deepEqual(await validate(edited), []);
      assert.match((await edited.config()).history!.at(-1)!.created_by!, /edit fs .* -f \/etc\/motd/);
      printed(await given("other", ...args, "file"));
      assert.equal(
        await contentIn((await (await openImage(repository("app"), "v2")).layers())[1]!, "file"),
        "other",
      );
      assert.equal((await gantry("edit", "fs", image)).code, 1);
    }));
});
