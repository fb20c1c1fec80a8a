import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultKeychain } from "../../src/keychain/default.ts";
import { GantryError } from "../../src/errors.ts";
import { rejects } from "../../src/testing/errors.ts";
import { asked, cloud, inHome, type Seen } from "./support.ts";

const auth = (name: string) => ({ auth: Buffer.from(`${name}:secret`).toString("base64") });
const as = (username: string) => ({ username, password: "secret" });

describe("the default keychain", () => {
  it("looks into what Docker keeps, then podman, then the environment", () =>
    inHome(async ({ env, write }) => {
      const variables: Record<string, string> = { ...env };
      const get = (registry = "ghcr.io") => defaultKeychain({ env: variables })(asked(registry));
      assert.equal(await get(), undefined);
      variables["GITHUB_TOKEN"] = "ghp_1";
      variables["GITHUB_ACTOR"] = "octocat";
      assert.deepEqual(await get(), { username: "octocat", password: "ghp_1" });
      await write("run/containers/auth.json", JSON.stringify({ auths: { "ghcr.io": auth("podman") } }));
      assert.deepEqual(await get(), as("podman"));
      await write(".docker/config.json", JSON.stringify({ auths: { "ghcr.io": auth("docker") } }));
      assert.deepEqual(await get(), as("docker"));
      variables["DOCKER_AUTH_CONFIG"] = JSON.stringify({ auths: { "ghcr.io": auth("variable") } });
      assert.deepEqual(await get(), as("variable"));
      assert.equal(await get("quay.io"), undefined);
    }));

  it("asks the cloud of a registry where the environment has the keys", () =>
    inHome(async ({ env, write }) => {
      const { transport, seen } = cloud(({ url }: Seen) =>
        url.includes("amazonaws")
          ? { authorizationData: [{ authorizationToken: Buffer.from("AWS:secret").toString("base64") }] }
          : { access_token: "secret", refresh_token: "secret", expires_in: 3600 }
      );
      const key = { type: "authorized_user", client_id: "i", client_secret: "s", refresh_token: "r" };
      const keys = {
        AWS_ACCESS_KEY_ID: "AKID",
        AWS_SECRET_ACCESS_KEY: "s",
        AZURE_TENANT_ID: "t",
        AZURE_CLIENT_ID: "c",
        AZURE_FEDERATED_TOKEN_FILE: await write("federated", "jwt"),
        GOOGLE_APPLICATION_CREDENTIALS: await write("key.json", JSON.stringify(key)),
      };
      const keychain = defaultKeychain({ env: { ...env, ...keys }, transport });
      const found = async (registry: string) =>
        ((await keychain(asked(registry))) as { password?: string } | undefined)?.password;
      for (const registry of ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "a.azurecr.io", "gcr.io"]) {
        assert.equal(await found(registry), "secret", registry);
      }
      assert.match(seen.find(({ url }) => url.includes("microsoft"))!.body, /client_assertion=jwt/);
      const before = seen.length;
      assert.equal(await found("quay.io"), undefined);
      assert.equal(seen.length, before);
    }));

  it("finds Google's token where its own programs do", () =>
    inHome(async ({ directory, env: home, program, write }) => {
      const { transport, seen } = cloud(() => ({ access_token: "t", expires_in: 3600 }));
      const env = { ...home, PATH: `${directory}/bin` };
      const get = (more: object = {}) =>
        defaultKeychain({ env: { ...env, ...more }, transport })(asked("gcr.io"));
      assert.equal(await get(), undefined);
      await program(
        "gcloud",
        `echo '{"credential":{"access_token":"ya29","token_expiry":"2099-01-01T00:00:00Z"}}'`,
      );
      assert.deepEqual(await get(), { username: "oauth2accesstoken", password: "ya29" });
      await get({ GCE_METADATA_HOST: "metadata.test" });
      assert.match(seen[0]!.url, /^http:\/\/metadata\.test\/computeMetadata/);
      const user = { type: "authorized_user", client_id: "i", client_secret: "s", refresh_token: "r" };
      await write(".config/gcloud/application_default_credentials.json", JSON.stringify(user));
      assert.deepEqual(await get(), { username: "oauth2accesstoken", password: "t" });
      await rejects(
        get({ GOOGLE_APPLICATION_CREDENTIALS: "/nonexistent" }),
        "not-found",
        /GOOGLE_APPLICATION_CREDENTIALS/,
      );
    }));

  it("ends with what one of them cannot read or run, or tells it and asks the next", () =>
    inHome(async ({ env, write }) => {
      await write(".docker/config.json", '{"credsStore":"missing"}');
      await write("run/containers/auth.json", JSON.stringify({ auths: { "quay.io": auth("podman") } }));
      await rejects(defaultKeychain({ env })(asked("quay.io")), "unavailable", /docker-credential-missing/);
      const problems: unknown[] = [];
      const keychain = defaultKeychain({
        env: { ...env, DOCKER_AUTH_CONFIG: "{" },
        onProblem: (error) => problems.push(error),
      });
      assert.deepEqual(await keychain(asked("quay.io")), as("podman"));
      assert.deepEqual(problems.map((error) => GantryError.is(error) && error.code), [
        "invalid-document",
        "unavailable",
      ]);
    }));
});
