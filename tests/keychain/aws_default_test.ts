import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { awsDefault } from "../../src/keychain/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { cloud, inHome } from "./support.ts";

const credentials = `
# comment
[default]
aws_access_key_id = AKIDEFAULT
aws_secret_access_key=with=equals/and+more ; a comment

[work]
aws_access_key_id=AKIWORK
aws_secret_access_key=s
aws_session_token = t
s3 =
  max_concurrent_requests = 20
`;
const found = {
  AccessKeyId: "ASIA",
  SecretAccessKey: "s",
  Token: "t",
  Expiration: "2099-01-01T00:00:00Z",
};
/** A machine that is asked is one of Amazon's, or said to be: none of these tests asks a real one. */
const alone = { AWS_EC2_METADATA_DISABLED: "true" };

describe("AWS keys", () => {
  it("of the environment come first", () =>
    inHome(async ({ env, write }) => {
      await write(".aws/credentials", credentials);
      const own = { AWS_ACCESS_KEY_ID: "AKIENV", AWS_SECRET_ACCESS_KEY: "s", AWS_PROFILE: "work" };
      assert.deepEqual(await awsDefault({ env: { ...env, ...own } })(), {
        accessKeyId: "AKIENV",
        secretAccessKey: "s",
      });
    }));

  it("are those of the profile, in either file", () =>
    inHome(async ({ env, write }) => {
      await write(".aws/credentials", credentials);
      await write(
        ".aws/config",
        '[profile other]\naws_access_key_id=AKIOTHER\naws_secret_access_key=o\n[sso-session x]\nregion=a\n[ profile "a b" ]\naws_access_key_id=AKIAB\naws_secret_access_key=o\n[profile work]\naws_access_key_id=AKINOT\n',
      );
      const of = async (name?: string) =>
        await awsDefault({ env: { ...env, ...(name && { AWS_PROFILE: name }) } })();
      assert.deepEqual(await of(), {
        accessKeyId: "AKIDEFAULT",
        secretAccessKey: "with=equals/and+more",
      });
      assert.deepEqual(await of("work"), {
        accessKeyId: "AKIWORK",
        secretAccessKey: "s",
        sessionToken: "t",
      });
      assert.equal((await of("other"))?.accessKeyId, "AKIOTHER");
      assert.equal((await of("a b"))?.accessKeyId, "AKIAB");
    }));

  it("may be in files of other names, and are read anew after a while", () =>
    inHome(async ({ env, write }) => {
      let now = 0;
      const file = await write("elsewhere", credentials);
      const keys = awsDefault({ env: { ...env, AWS_SHARED_CREDENTIALS_FILE: file }, now: () => now });
      assert.equal((await keys())?.accessKeyId, "AKIDEFAULT");
      await write("elsewhere", credentials.replace("AKIDEFAULT", "AKINEW"));
      assert.equal((await keys())?.accessKeyId, "AKIDEFAULT");
      now += 61_000;
      assert.equal((await keys())?.accessKeyId, "AKINEW");
    }));

  it("of a profile that was asked for have to be there", () =>
    inHome(async ({ env }) => {
      const asked = { ...env, ...alone, AWS_PROFILE: "work" };
      await rejects(awsDefault({ env: asked })(), "not-found", /"work".*credentials/);
    }));

  it("of a service account's role come before those of files", () =>
    inHome(async ({ env, write }) => {
      const answer = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>t</SessionToken>
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
      const { transport, seen } = cloud(() => new Response(answer));
      await write(".aws/credentials", credentials);
      const role = {
        ...env,
        AWS_ROLE_ARN: "arn:aws:iam::1:role/app",
        AWS_WEB_IDENTITY_TOKEN_FILE: await write("token", "account token\n"),
      };
      const keys = { accessKeyId: "ASIAROLE", secretAccessKey: "a&b", sessionToken: "t" };
      assert.deepEqual(await awsDefault({ env: role, transport })(), keys);
      const regional = { ...role, AWS_REGION: "cn-north-1", AWS_ROLE_SESSION_NAME: "me" };
      await awsDefault({ env: regional, transport })();
      assert.deepEqual(
        seen.map(({ method, url, body }) => [method, url, new URLSearchParams(body).toString()]),
        [
          [
            "POST",
            "https://sts.amazonaws.com/",
            "Action=AssumeRoleWithWebIdentity&WebIdentityToken=account+token&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fapp&RoleSessionName=gantry",
          ],
          [
            "POST",
            "https://sts.cn-north-1.amazonaws.com.cn/",
            "Action=AssumeRoleWithWebIdentity&WebIdentityToken=account+token&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fapp&RoleSessionName=me",
          ],
        ],
      );
      assert.equal((await awsDefault({ env: { ...role, AWS_PROFILE: "work" } })())?.accessKeyId, "AKIWORK");
      const clear = { ...role, AWS_ENDPOINT_URL_STS: "http://sts.example" };
      assert.throws(() => awsDefault({ env: clear }), { code: "invalid-argument" });
    }));

  it("of the container are asked for where nothing else is", () =>
    inHome(async ({ env, write }) => {
      const { transport, seen } = cloud(() => found);
      const relative = { ...env, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/id" };
      assert.equal((await awsDefault({ env: relative, transport })())?.accessKeyId, "ASIA");
      const full = {
        ...env,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: await write("token", "pod token\n"),
      };
      assert.equal((await awsDefault({ env: full, transport })())?.accessKeyId, "ASIA");
      assert.deepEqual(seen.map(({ url, headers }) => [url, headers.get("authorization")]), [
        ["http://169.254.170.2/v2/credentials/id", null],
        ["http://169.254.170.23/v1/credentials", "pod token"],
      ]);
      await write(".aws/credentials", credentials);
      assert.equal((await awsDefault({ env: relative, transport })())?.accessKeyId, "AKIDEFAULT");
      assert.equal(seen.length, 2);
    }));

  it("of the machine are asked for last, and not where that is forbidden", () =>
    inHome(async ({ env }) => {
      const { transport, seen } = cloud(({ method, url }) =>
        method === "PUT" ? new Response("session") : url.endsWith("/role") ? found : new Response("role")
      );
      const machine = { ...env, AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" };
      assert.equal((await awsDefault({ env: machine, transport })())?.accessKeyId, "ASIA");
      assert.equal(seen.length, 3);
      assert.equal(await awsDefault({ env: { ...machine, ...alone }, transport })(), undefined);
      assert.equal(seen.length, 3);
    }));
});
