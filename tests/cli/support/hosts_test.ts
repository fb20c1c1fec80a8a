import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it } from "node:test";
import { endpointsFrom } from "../../../src/cli/support/hosts.ts";
import { GantryError } from "../../../src/errors.ts";

describe("the files of hosts of the command", () => {
  it("are those of --hosts before those of GANTRY_HOSTS before the user's own", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-hosts-"));
    try {
      await mkdir(join(directory, "gantry"));
      const write = async (name: string, ...registries: string[]) => {
        const path = join(directory, name);
        const url = `https://${name.replace(/\W.*/, "")}.test`;
        const hosts = Object.fromEntries(registries.map((one) => [one, { url }]));
        await writeFile(path, JSON.stringify({ hosts }));
        return path;
      };
      const told = await write("told.json", "a.test");
      const first = await write("first.json", "a.test", "b.test");
      const second = await write("second.json", "b.test", "c.test");
      await write("gantry/hosts.json", "a.test", "b.test", "c.test", "d.test");
      const env = { GANTRY_HOSTS: [first, second].join(delimiter), XDG_CONFIG_HOME: directory };
      const endpoints = endpointsFrom([told], env)!;
      for (const [registry, name] of Object.entries({ a: "told", b: "first", c: "second", d: "gantry" })) {
        const found = await endpoints({ registry: `${registry}.test` });
        assert.match(found!.at(-1)!.root, new RegExp(`^https://${name}\\.test`), registry);
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it("must be there where they are named", () => {
    for (const [told, env] of [[["/nowhere/x"], {}], [[], { GANTRY_HOSTS: "/nowhere/x" }]] as const) {
      assert.throws(() => endpointsFrom(told, env), (error) => {
        assert.ok(GantryError.is(error, "not-found"));
        assert.equal(error.message, 'read hosts: there is no file or directory "/nowhere/x"');
        return true;
      });
    }
  });
});
