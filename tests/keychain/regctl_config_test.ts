import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { regctlConfig } from "../../src/keychain/regctl_config.ts";
import { rejects } from "../../src/testing/errors.ts";
import { asked, inHome } from "./support.ts";

describe("regctl's config", () => {
  it("holds names, tokens and helpers of hosts", () =>
    inHome(async ({ env, program, write }) => {
      const get = (registry: string, more: object = {}) =>
        regctlConfig({ env: { ...env, ...more } })(asked(registry));
      assert.equal(await get("quay.io"), undefined);
      await program(
        "docker-credential-one",
        `[ "$(cat)" = gcr.io ] && echo '{"Username":"helped","Secret":"s"}'`,
      );
      const hosts = {
        "quay.io": { tls: "disabled", user: "me", pass: "secret", reqConcurrent: 3 },
        "docker.io": { token: "identity", user: "<token>" },
        "eu.gcr.io": { credHelper: "docker-credential-one", credHost: "gcr.io" },
        "plain.test": { tls: "disabled" },
      };
      await write(".regctl/config.json", JSON.stringify({ hosts }));
      assert.deepEqual(await get("quay.io"), { username: "me", password: "secret" });
      assert.deepEqual(await get("docker.io"), { identityToken: "identity" });
      assert.deepEqual(await get("eu.gcr.io"), { username: "helped", password: "s" });
      assert.equal(await get("plain.test"), undefined);
      assert.equal(await get("quay.io", { REGCTL_CONFIG: await write("empty.json", "") }), undefined);
    }));

  it("that cannot be read is an error that names the file", () =>
    inHome(async ({ env, write }) => {
      for (const text of ["{", '{"hosts":7}']) {
        await write(".regctl/config.json", text);
        await rejects(regctlConfig({ env })(asked("quay.io")), "invalid-document", /\.regctl\/config\.json/);
      }
    }));
});
