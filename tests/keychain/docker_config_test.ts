import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { dockerConfig } from "../../src/keychain/docker_config.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { asked, inHome } from "./support.ts";

const auth = (name: string) => ({ auth: Buffer.from(`${name}:secret`).toString("base64") });
const config = (auths: Record<string, string>, more: object = {}) =>
  JSON.stringify({
    auths: Object.fromEntries(Object.entries(auths).map(([key, name]) => [key, auth(name)])),
    ...more,
  });
const as = (username: string) => ({ username, password: "secret" });

describe("Docker's config", () => {
  it("is that of DOCKER_CONFIG, else that of the home, after DOCKER_AUTH_CONFIG (A43)", () =>
    inHome(async ({ directory, env, write }) => {
      await write(".docker/config.json", config({ "a.test": "home" }));
      await write("other/config.json", config({ "a.test": "other" }));
      const DOCKER_CONFIG = join(directory, "other"), DOCKER_AUTH_CONFIG = config({ "b.test": "env" });
      const get = (more: object, registry = "a.test") =>
        dockerConfig({ env: { ...env, ...more } })(asked(registry));
      assert.deepEqual(await get({}), as("home"));
      assert.deepEqual(await get({ DOCKER_CONFIG: "" }), as("home"));
      assert.deepEqual(await get({ DOCKER_CONFIG }), as("other"));
      assert.deepEqual(await get({ DOCKER_CONFIG, DOCKER_AUTH_CONFIG }), as("other"));
      assert.deepEqual(await get({ DOCKER_AUTH_CONFIG }, "b.test"), as("env"));
      assert.deepEqual(await get({ DOCKER_AUTH_CONFIG: config({ "a.test": "env" }) }), as("env"));
      assert.equal(await get({ DOCKER_CONFIG }, "b.test"), undefined);
    }));

  it("may be missing, empty, a directory, a link or no file at all (A43)", () =>
    inHome(async ({ directory, env, write }) => {
      const get = (DOCKER_CONFIG: string) =>
        dockerConfig({ env: { ...env, DOCKER_CONFIG: join(directory, DOCKER_CONFIG) } })(asked("a.test"));
      assert.equal(await get("nowhere"), undefined);
      await write("empty/config.json", " \n");
      assert.equal(await get("empty"), undefined);
      assert.equal(await get("empty/config.json"), undefined);
      await mkdir(join(directory, "odd/config.json"), { recursive: true });
      assert.equal(await get("odd"), undefined);
      await mkdir(join(directory, "null"));
      await symlink("/dev/null", join(directory, "null/config.json"));
      assert.equal(await get("null"), undefined);
      const real = await write("real.json", config({ "a.test": "linked" }));
      await mkdir(join(directory, "linked"));
      await symlink(real, join(directory, "linked/config.json"));
      assert.deepEqual(await get("linked"), as("linked"));
    }));

  it("is an error that names the file where it cannot be read", () =>
    inHome(async ({ directory, env, write }) => {
      const path = await write(".docker/config.json", '{"auths":{"quay.io":{"auth":"hunter2"');
      const keychain = dockerConfig({ env });
      await rejects(
        keychain(asked("quay.io")),
        "invalid-document",
        /^parse ".*\.docker\/config\.json": unexpected end/,
      );
      await write(".docker/config.json", '{"auths":{"quay.io":{"auth":"hunter2"}}}');
      await rejects(
        keychain(asked("quay.io")),
        "invalid-document",
        new RegExp(`"quay\\.io" of "${path}": "auth" is not base64`),
      );
      assert.equal(await keychain(asked("ghcr.io")), undefined);
      await write(".docker/config.json", config({ "quay.io": "now" }));
      assert.deepEqual(await keychain(asked("quay.io")), as("now"));
      const env2 = { ...env, DOCKER_AUTH_CONFIG: "{" };
      await rejects(
        dockerConfig({ env: env2 })(asked("quay.io")),
        "invalid-document",
        /^parse DOCKER_AUTH_CONFIG: /,
      );
      await write("big/config.json", `${" ".repeat((8 << 20) + 1)}{}`);
      await rejects(
        dockerConfig({ env: { ...env, DOCKER_CONFIG: join(directory, "big") } })(asked("quay.io")),
        "too-large",
      );
    }));

  it("sends who asks to the helper of the registry, then to that of all, then to its own entry (A42)", () =>
    inHome(async ({ env, program, write }) => {
      const knows = (name: string) =>
        `if [ "$(cat)" = known.test ]; then echo '{"Username":"${name}","Secret":"secret"}'; else echo "credentials not found in native keychain"; exit 1; fi`;
      await program("docker-credential-special", knows("special"));
      await program("docker-credential-common", knows("common"));
      const auths = { "known.test": "file", "other.test": "file", "plain.test": "file" };
      const get = async (registry: string, more: object) => {
        await write(".docker/config.json", config(auths, more));
        return await dockerConfig({ env })(asked(registry));
      };
      const credHelpers = { "known.test": "special", "plain.test": "" };
      assert.deepEqual(await get("known.test", { credHelpers, credsStore: "common" }), as("special"));
      assert.deepEqual(await get("known.test", { credsStore: "common" }), as("common"));
      assert.deepEqual(await get("other.test", { credsStore: "common" }), as("file"));
      assert.deepEqual(await get("plain.test", { credHelpers, credsStore: "missing" }), as("file"));
      assert.equal(await get("unknown.test", { credsStore: "common" }), undefined);
      await rejects(
        get("other.test", { credsStore: "missing" }),
        "unavailable",
        /docker-credential-missing in PATH/,
      );
    }));

  it(
    "of testcontainers leads to its helper",
    needsFixtures,
    () =>
      inHome(async ({ directory, env, program }) => {
        await program(
          "docker-credential-fake",
          `case "$(cat)" in
  registry.example.com) echo '{"ServerURL":"registry.example.com","Username":"username","Secret":"secret"}';;
  registrytoken.example.com) echo '{"ServerURL":"registrytoken.example.com","Username":"<token>","Secret":"secret"}';;
  registrynoserverurltoken.example.com) echo '{"Username":"<token>","Secret":"secret"}';;
  *) echo "credentials not found in native keychain"; exit 1;;
esac`,
        );
        await mkdir(join(directory, ".docker"));
        const cases: Record<string, [string, unknown][]> = {
          "empty": [["registry.example.com", undefined]],
          "with-helper": [["registry.example.com", as("username")], ["other.example.com", undefined]],
          "with-store": [["registry.example.com", as("username")], ["other.example.com", undefined]],
          "with-helper-and-store": [["registry.example.com", as("username")], [
            "other.example.com",
            undefined,
          ]],
          "with-helper-using-token": [["registrytoken.example.com", { identityToken: "secret" }]],
          "with-helper-no-server-url-using-token": [["registrynoserverurltoken.example.com", {
            identityToken: "secret",
          }]],
        };
        for (const [name, answers] of Object.entries(cases)) {
          const file = fixture(`docker-config/testcontainers-config-${name}.json`);
          await copyFile(file, join(directory, ".docker/config.json"));
          for (const [registry, expected] of answers) {
            assert.deepEqual(await dockerConfig({ env })(asked(registry)), expected, `${name} ${registry}`);
          }
          assert.ok((await readFile(file)).length > 0);
        }
      }),
  );
});
