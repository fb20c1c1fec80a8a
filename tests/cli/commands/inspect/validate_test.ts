import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fixture, needsFixtures } from "../../../support/fixtures.ts";
import { printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry validate", () => {
  it("passes what is well", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await writeIndex(repository("app"), "v1");
      printed(await gantry("pull", `${host}/app:v1`, "app.tar"));
      printed(await gantry("pull", "--format", "oci", `${host}/app:v1`, "layout"));
      assert.equal(printed(await gantry("validate")), "");
      const all = ["--tarball", "app.tar", "--layout", "layout", "--remote", `${host}/app:v1`];
      for (const flags of [[], ["--fast"]]) {
        assert.equal(
          printed(await gantry("validate", ...flags, ...all)),
          `PASS: app.tar\nPASS: layout\nPASS: ${host}/app:v1\n`,
        );
      }
      const json = printed(await gantry("validate", "--json", "--tarball", "app.tar"));
      assert.deepEqual(JSON.parse(json), { image: "app.tar", problems: [] });
    }));

  it(
    "says which layer is not the config's",
    needsFixtures,
    () =>
      withRegistry(async ({ directory, gantry }) => {
        const cases: Record<string, RegExp> = {
          "snyk-save-java-windows.tar": /layer 0: read blob sha256:9c27e219.*: sha256:/,
          "snyk-skopeo-nginx.tar": /manifest\.json has 1 layers where ".*\.json" has 3 diffIDs/,
        };
        for (const [name, words] of Object.entries(cases)) {
          const path = fixture(`docker-archives/${name}`);
          const { code, stdout, stderr } = await gantry("validate", "--tarball", path);
          assert.equal(code, 1);
          assert.match(stdout, /^FAIL: [^\n]*\n$/);
          assert.match(stdout, words);
          assert.match(stderr, /^Error: validate [^\n]*\n$/);
        }
        assert.ok(!existsSync(join(directory, "state")));
      }),
  );
});
