import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { printed } from "../../../gantry.ts";
import { withGuardedRegistry } from "./support.ts";

describe("gantry auth get", () => {
  it("answers as a credential helper, from an argument or from standard input", () =>
    withGuardedRegistry(async ({ directory, run }) => {
      const auths = {
        "quay.io": { auth: Buffer.from("me:<s>").toString("base64") },
        "quay.io/acme": { auth: Buffer.from("robot:s").toString("base64") },
        "https://index.docker.io/v1/": { identitytoken: "identity" },
        "ghcr.io": { registrytoken: "hunter2" },
      };
      await mkdir(join(directory, "docker"));
      await writeFile(join(directory, "docker/config.json"), JSON.stringify({ auths }));
      const quay = '{"Username":"me","Secret":"\\u003cs\\u003e"}\n';
      assert.equal(printed(await run(["auth", "get", "quay.io"])), quay);
      for (const input of ["quay.io", "quay.io\n", "https://quay.io/v2/"]) {
        assert.equal(printed(await run(["auth", "get"], { input })), quay);
      }
      assert.equal(
        printed(await run(["auth", "get", "quay.io/acme"])),
        '{"Username":"robot","Secret":"s"}\n',
      );
      const hub = '{"Username":"<token>","Secret":"identity"}\n'.replace("<", "\\u003c").replace(
        ">",
        "\\u003e",
      );
      for (const name of ["docker.io", "index.docker.io", "https://index.docker.io/v1/"]) {
        assert.equal(printed(await run(["auth", "get", name])), hub);
      }
      const none = await run(["auth", "get", "other.test"]);
      assert.deepEqual([none.code, none.stdout, none.stderr], [
        1,
        "credentials not found in native keychain\n",
        "",
      ]);
      const token = await run(["auth", "get", "ghcr.io"]);
      assert.deepEqual([token.code, token.stdout], [1, ""]);
      assert.match(token.stderr, /^Error: get credentials for ghcr\.io: they are a registry token/);
      assert.doesNotMatch(token.stderr, /hunter2/);
    }));

  it("fails where a file or a helper does", () =>
    withGuardedRegistry(async ({ directory, run }) => {
      await mkdir(join(directory, "docker"));
      await writeFile(
        join(directory, "docker/config.json"),
        '{"credHelpers":{"a.test":"missing"},"auths":{"b.test":{"auth":"hunter2"}}}',
      );
      for (
        const [name, says] of [["a.test", /docker-credential-missing in PATH/], [
          "b.test",
          /"b\.test" of ".*config\.json"/,
        ]] as const
      ) {
        const { code, stdout, stderr } = await run(["auth", "get", name]);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, says);
      }
    }));
});
