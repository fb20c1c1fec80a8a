import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { podmanAuth } from "../../src/keychain/podman_auth.ts";
import { rejects } from "../../src/testing/errors.ts";
import { asked, inHome } from "./support.ts";

const auth = (name: string) => ({ auth: Buffer.from(`${name}:secret`).toString("base64") });
const document = (entries: Record<string, string>) =>
  JSON.stringify({
    auths: Object.fromEntries(Object.entries(entries).map(([key, name]) => [key, auth(name)])),
  });
const as = (username: string) => ({ username, password: "secret" });

describe("podman's auth.json", () => {
  it("is that of REGISTRY_AUTH_FILE alone, else those of the session, the settings and the home (A43)", () =>
    inHome(async ({ directory, env, write }) => {
      const get = (more: object = {}) => podmanAuth({ env: { ...env, ...more } })(asked("a.test"));
      assert.equal(await get(), undefined);
      await write(".dockercfg", JSON.stringify({ "a.test": auth("legacy") }));
      assert.deepEqual(await get(), as("legacy"));
      await write(".config/containers/auth.json", document({ "a.test": "settings" }));
      assert.deepEqual(await get(), as("settings"));
      await write("xdg/containers/auth.json", document({ "a.test": "xdg" }));
      assert.deepEqual(await get({ XDG_CONFIG_HOME: join(directory, "xdg") }), as("xdg"));
      await write("run/containers/auth.json", document({ "a.test": "session" }));
      assert.deepEqual(await get(), as("session"));
      const REGISTRY_AUTH_FILE = await write("mine.json", document({ "a.test": "mine" }));
      assert.deepEqual(await get({ REGISTRY_AUTH_FILE }), as("mine"));
      assert.equal(await get({ REGISTRY_AUTH_FILE: "/dev/null" }), undefined);
      assert.equal(await get({ REGISTRY_AUTH_FILE: join(directory, "nowhere") }), undefined);
    }));

  it("has keys for parts of a registry, of which the longest counts (A39)", () =>
    inHome(async ({ env, write }) => {
      const keys = {
        "quay.io": "all",
        "quay.io/acme": "acme",
        "quay.io/acme/app": "app",
        "docker.io/library": "hub",
      };
      await write("run/containers/auth.json", document(keys));
      const get = (registry: string, repository?: string) =>
        podmanAuth({ env })({ registry, repository, actions: [] });
      assert.deepEqual(await get("quay.io", "acme/app"), as("app"));
      assert.deepEqual(await get("quay.io", "acme/other"), as("acme"));
      assert.deepEqual(await get("quay.io", "acme2/app"), as("all"));
      assert.deepEqual(await get("quay.io"), as("all"));
      assert.deepEqual(await get("docker.io", "library/alpine"), as("hub"));
      assert.equal(await get("docker.io", "acme/app"), undefined);
    }));

  it("may name helpers, which are asked for the host alone (A39)", () =>
    inHome(async ({ env, program, write }) => {
      await program(
        "docker-credential-one",
        `[ "$(cat)" = docker.io ] && echo '{"Username":"me","Secret":"secret"}'`,
      );
      await write("run/containers/auth.json", JSON.stringify({ credHelpers: { "docker.io": "one" } }));
      assert.deepEqual(await podmanAuth({ env })(asked("docker.io")), as("me"));
    }));

  it("that cannot be read is an error that names the file", () =>
    inHome(async ({ env, write }) => {
      await write("run/containers/auth.json", "{");
      await rejects(podmanAuth({ env })(asked("a.test")), "invalid-document", /run\/containers\/auth\.json/);
    }));
});
