import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type PullSecret, pullSecrets } from "../../src/keychain/pull_secrets.ts";
import { fails } from "../../src/testing/errors.ts";
import { asked } from "./support.ts";

const entry = (name: string) => ({ auth: Buffer.from(`${name}:secret`).toString("base64") });
const secret = (...keys: string[]) => ({
  stringData: {
    ".dockerconfigjson": JSON.stringify({
      auths: Object.fromEntries(keys.map((key) => [key, entry(key.replaceAll(":", "_"))])),
    }),
  },
});
const user = async (keychain: ReturnType<typeof pullSecrets>, registry: string, repository?: string) =>
  (await keychain(asked(registry, repository)) as { username: string } | undefined)?.username;

describe("pull secrets", () => {
  it("are read as the API gives them, in both forms", async () => {
    const config = JSON.stringify({ auths: { "a.test": entry("new") } });
    const old = JSON.stringify({ "b.test": entry("old") });
    const data = (name: string, text: string) => ({ data: { [name]: Buffer.from(text).toString("base64") } });
    const keychain = pullSecrets([data(".dockerconfigjson", config), data(".dockercfg", old)]);
    assert.equal(await user(keychain, "a.test"), "new");
    assert.equal(await user(keychain, "b.test"), "old");
    assert.equal(await user(keychain, "c.test"), undefined);
  });

  it("match host names part by part, and ports exactly", async () => {
    const matched: [key: string, registry: string, matches: boolean][] = [
      ["*.example.com", "eu.example.com", true],
      ["*.example.com", "example.com", false],
      ["*.example.com", "a.b.example.com", false],
      ["*.*.example.com", "a.b.example.com", true],
      ["prefix-*.example.com", "prefix-eu.example.com", true],
      ["prefix-*.example.com", "eu.example.com", false],
      ["*.example.com:5000", "eu.example.com:5000", true],
      ["*.example.com:5000", "eu.example.com", false],
      ["*.example.com", "eu.example.com:5000", false],
      ["*.example.com", "eu.example.com.attacker.test", false],
      ["exampleXcom", "example.com", false],
      ["https://index.docker.io/v1/", "docker.io", true],
      ["https://eu.example.com/v2/", "eu.example.com", true],
    ];
    for (const [key, registry, matches] of matched) {
      const found = await pullSecrets([secret(key)])(asked(registry));
      assert.equal(found !== undefined, matches, `${key} for ${registry}`);
    }
  });

  it("count by the longest key, and then by the order of the secrets", async () => {
    const keychain = pullSecrets([
      secret("quay.io", "*.io"),
      secret("quay.io/acme"),
      secret("quay.io/acme/app"),
    ]);
    assert.equal(await user(keychain, "quay.io", "acme/app"), "quay.io/acme/app");
    assert.equal(await user(keychain, "quay.io", "acme/app2"), "quay.io/acme");
    assert.equal(await user(keychain, "quay.io", "acme2/app"), "quay.io");
    assert.equal(await user(keychain, "ghcr.io"), "*.io");
    const first = { stringData: { ".dockercfg": JSON.stringify({ "quay.io": entry("first") }) } };
    assert.equal(await user(pullSecrets([first, secret("quay.io")]), "quay.io"), "first");
  });

  it("that are none are an error that names them", () => {
    const bad: PullSecret[] = [
      {},
      { data: { ".dockerconfigjson": "!" } },
      { stringData: { ".dockerconfigjson": "{" } },
      { data: { "tls.crt": "" } },
    ];
    for (const one of bad) {
      const named = { ...one, metadata: { name: "regcred" } };
      assert.throws(() => pullSecrets([named]), fails("invalid-document", /the pull secret "regcred"/));
    }
  });
});
