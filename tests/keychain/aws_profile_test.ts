import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { awsDefault } from "../../src/keychain/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { cloud, type Home, inHome } from "./support.ts";

const roleKeys = { accessKeyId: "ASIAROLE", secretAccessKey: "a&b", sessionToken: "t" };
const later = "2099-01-01T00:00:00Z";

/** What STS answers. */
function assumed(action: string): Response {
  return new Response(
    `<${action}Response><${action}Result><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>
    <SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${later}</Expiration>
    </Credentials></${action}Result></${action}Response>`,
  );
}

/** The keys of a profile of the file `config`, and what was asked on the way. */
function finder({ env, write }: Home, answer: (url: string) => unknown = () => assumed("AssumeRole")) {
  const { transport, seen } = cloud(({ url }) => answer(url));
  const alone = { ...env, AWS_EC2_METADATA_DISABLED: "true" };
  return {
    seen,
    find: async (config: string, more: Record<string, string> = {}) => {
      await write(".aws/config", config);
      return await awsDefault({ env: { ...alone, AWS_PROFILE: "work", ...more }, transport })();
    },
  };
}

const base = "[profile base]\naws_access_key_id = AKIBASE\naws_secret_access_key = s\n";
const role = "role_arn = arn:aws:iam::1:role/app\n";

describe("AWS keys of a profile", () => {
  it("are those of a role that another profile's keys take on", () =>
    inHome(async (home) => {
      const { find, seen } = finder(home);
      const more = "role_session_name = me\nexternal_id = x y\nregion = eu-west-1\n";
      assert.deepEqual(
        await find(`${base}[profile work]\n${role}source_profile = base\n${more}`),
        roleKeys,
      );
      const [{ method, url, headers, body }] = seen as [typeof seen[0]];
      assert.deepEqual([method, url], ["POST", "https://sts.eu-west-1.amazonaws.com/"]);
      assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
        Action: "AssumeRole",
        Version: "2011-06-15",
        RoleArn: "arn:aws:iam::1:role/app",
        RoleSessionName: "me",
        ExternalId: "x y",
      });
      const signed =
        /Credential=AKIBASE\/\d{8}\/eu-west-1\/sts\/aws4_request, SignedHeaders=content-type;host;/;
      assert.match(headers.get("authorization")!, signed);
    }));

  it("may lead over several roles, and not in a circle", () =>
    inHome(async (home) => {
      const { find, seen } = finder(home);
      const through = `[profile through]\n${role}source_profile = base\n`;
      const work = `[profile work]\n${role}source_profile = through\n`;
      assert.deepEqual(await find(base + through + work), roleKeys);
      assert.deepEqual(seen.map(({ headers }) => headers.get("x-amz-security-token")), [null, "t"]);
      const back = `[profile through]\n${role}source_profile = work\n`;
      await rejects(find(back + work), "invalid-document", /"work" to "through" to "work"/);
      await rejects(find(work), "not-found", /the profile "through" has no keys/);
    }));

  it("may have a role be taken on by its own keys, those of the container, or a token", () =>
    inHome(async (home) => {
      const container = { AccessKeyId: "ASIABOX", SecretAccessKey: "s", Token: "box", Expiration: later };
      const { find, seen } = finder(
        home,
        (url) => url.startsWith("http:") ? container : assumed("AssumeRole"),
      );
      const own = base.replace("profile base", "profile work");
      assert.deepEqual(await find(`${own}${role}source_profile = work\n`), roleKeys);
      const here = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/id" };
      const inBox = `[profile work]\n${role}credential_source = EcsContainer\n`;
      assert.deepEqual(await find(inBox, here), roleKeys);
      await rejects(find(inBox), "not-found", /EcsContainer has no keys/);
      const token = await home.write("token", "account token\n");
      assert.deepEqual(await find(`[profile work]\n${role}web_identity_token_file = ${token}\n`), roleKeys);
      assert.deepEqual(
        seen.map(({ headers, body }) => [headers.get("authorization")?.slice(17, 35), body[0]]),
        [
          ["Credential=AKIBASE", "A"],
          [undefined, undefined],
          ["Credential=ASIABOX", "A"],
          [undefined, "A"],
        ],
      );
      const asking = `${own}${role}source_profile = work\nmfa_serial = arn:aws:iam::1:mfa/me\n`;
      await rejects(find(asking), "unsupported", /mfa_serial/);
    }));

  it("are what a program prints, until they expire", () =>
    inHome(async (home) => {
      const { env, program, write, read } = home;
      const { find } = finder(home);
      await program("keys", `echo "$1" >> ${home.directory}/asked; cat ${home.directory}/answer`);
      const work = '[profile work]\ncredential_process = keys "a b"\n';
      await write("answer", '{"Version":1,"AccessKeyId":"AKI","SecretAccessKey":"s"}');
      assert.deepEqual(await find(work), { accessKeyId: "AKI", secretAccessKey: "s" });
      await write(
        "answer",
        `{"Version":1,"AccessKeyId":"AKI","SecretAccessKey":"s","SessionToken":"t","Expiration":"${
          new Date(3_600_000).toISOString()
        }"}`,
      );
      let now = 0;
      const keys = awsDefault({ env: { ...env, AWS_PROFILE: "work" }, now: () => now });
      for (const minutes of [0, 2, 50, 56, 57]) {
        now = minutes * 60_000;
        assert.deepEqual(await keys(), { accessKeyId: "AKI", secretAccessKey: "s", sessionToken: "t" });
      }
      assert.deepEqual((await read("asked")).split("\n"), ["a b", "a b", "a b", "a b", ""]);
      for (const wrong of ["", "[]", '{"Version":2,"AccessKeyId":"A","SecretAccessKey":"s"}']) {
        await write("answer", wrong);
        await rejects(find(work), "invalid-document", /"work"/);
      }
      await program("keys", "echo no login >&2; exit 3");
      await rejects(find(work), "unavailable", /ended with 3: no login/);
    }));

  it("are those of a login at IAM Identity Center", () =>
    inHome(async (home) => {
      const answer = { accessKeyId: "ASIASSO", secretAccessKey: "s", sessionToken: "t", expiration: 4e12 };
      const { find, seen } = finder(home, () => ({ roleCredentials: answer }));
      const login = (name: string, expiresAt: string) =>
        home.write(
          `.aws/sso/cache/${createHash("sha1").update(name).digest("hex")}.json`,
          JSON.stringify({ accessToken: `token of ${name}`, expiresAt }),
        );
      const account = "sso_account_id = 123456789012\nsso_role_name = Read Only\n";
      const session =
        `[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example\n[profile work]\nsso_session = corp\n${account}`;
      await rejects(find(session), "unauthorized", /aws sso login --profile work/);
      await login("corp", "2001-01-01T00:00:00Z");
      await rejects(find(session), "unauthorized", /expired/);
      await login("corp", later);
      const keys = { accessKeyId: "ASIASSO", secretAccessKey: "s", sessionToken: "t" };
      assert.deepEqual(await find(session), keys);
      await login("https://old.example", later);
      const old = `[profile work]\nsso_start_url = https://old.example\nsso_region = cn-north-1\n${account}`;
      assert.deepEqual(await find(old), keys);
      const query = "federation/credentials?role_name=Read+Only&account_id=123456789012";
      assert.deepEqual(
        seen.map(({ method, url, headers }) => [method, url, headers.get("x-amz-sso_bearer_token")]),
        [
          ["GET", `https://portal.sso.eu-west-1.amazonaws.com/${query}`, "token of corp"],
          ["GET", `https://portal.sso.cn-north-1.amazonaws.com.cn/${query}`, "token of https://old.example"],
        ],
      );
      await rejects(find(session.replace(account, "")), "invalid-document", /sso_role_name/);
    }));
});
