import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ecr } from "../../src/keychain/ecr.ts";
import { rejects } from "../../src/testing/errors.ts";
import { asked, cloud } from "./support.ts";

const keys = { accessKeyId: "AKID", secretAccessKey: "hunter2" };
const token = Buffer.from("AWS:t:1").toString("base64");
const registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const start = Date.UTC(2026, 0, 1);
const one = { authorizationToken: token, expiresAt: start / 1000 + 12 * 3600 };

describe("Amazon's keychain", () => {
  it("gets a login from the region of the registry, signed", async () => {
    const { transport, seen } = cloud(() => ({ authorizationData: [one] }));
    const keychain = ecr({ ...keys, sessionToken: "session" }, { transport, now: () => start });
    assert.deepEqual(await keychain(asked(registry)), { username: "AWS", password: "t:1" });
    const [{ method, url, headers, body } = assert.fail()] = seen;
    assert.deepEqual([method, url, body], ["POST", "https://api.ecr.eu-west-1.amazonaws.com/", "{}"]);
    assert.equal(headers.get("x-amz-target"), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
    assert.equal(headers.get("content-type"), "application/x-amz-json-1.1");
    assert.equal(headers.get("x-amz-security-token"), "session");
    assert.match(
      headers.get("authorization")!,
      /^AWS4-HMAC-SHA256 Credential=AKID\/20260101\/eu-west-1\/ecr\/aws4_request, /,
    );
  });

  it("knows the endpoints of all partitions, and the public registry", async () => {
    const hosts: [registry: string, api: string][] = [
      ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn"],
      ["123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "ecr-fips.us-gov-west-1.amazonaws.com"],
      ["123456789012.dkr-ecr.us-west-2.on.aws", "ecr.us-west-2.api.aws"],
      ["public.ecr.aws", "api.ecr-public.us-east-1.amazonaws.com"],
    ];
    for (const [name, api] of hosts) {
      const { transport, seen } = cloud(() => ({
        authorizationData: name === "public.ecr.aws" ? one : [one],
      }));
      assert.deepEqual(await ecr(keys, { transport, now: () => start })(asked(name)), {
        username: "AWS",
        password: "t:1",
      });
      assert.equal(new URL(seen[0]!.url).host, api);
    }
  });

  it("is asked for no other registry, whatever it is called (A36)", async () => {
    const { transport, seen } = cloud(() => assert.fail("asked"));
    const others = [
      `${registry}.attacker.test`,
      `x.${registry}`,
      `${registry}:5000`,
      registry.replace("1234", "x"),
      "public.ecr.aws.test",
      "1.dkr.ecr.eu-west-1.amazonaws.com",
      registry.replace("eu-west-1", "attacker.test/"),
    ];
    for (const other of others) assert.equal(await ecr(keys, { transport })(asked(other)), undefined, other);
    assert.equal(seen.length, 0);
  });

  it("gets a new one when the old one ends, with the keys of then", async () => {
    let now = start, asks = 0;
    const { transport, seen } = cloud(() => ({ authorizationData: [one] }));
    const keychain = ecr(() => Promise.resolve({ ...keys, accessKeyId: `AKID${++asks}` }), {
      transport,
      now: () => now,
    });
    await Promise.all([keychain(asked(registry)), keychain(asked(registry, "other"))]);
    now += 11.9 * 3_600_000;
    await keychain(asked(registry));
    assert.equal(seen.length, 1);
    now += 0.1 * 3_600_000;
    await keychain(asked(registry));
    assert.equal(seen.length, 2);
    assert.match(seen[1]!.headers.get("authorization")!, /AKID2/);
  });

  it("that is refused, or answered with something else, is an error without secrets", async () => {
    const refused = cloud(
      () => ({ __type: "UnrecognizedClientException", message: "The security token is invalid" }),
      400,
    );
    await rejects(
      ecr(keys, refused)(asked(registry)),
      "unauthorized",
      /^get a login from api\.ecr\.eu-west-1\.amazonaws\.com: 400 The security token is invalid$/,
    );
    for (
      const answer of [{}, { authorizationData: [] }, { authorizationData: [{ authorizationToken: "?" }] }, {
        authorizationData: [{ authorizationToken: "aHVudGVyMg==" }],
      }, []]
    ) {
      await assert.rejects(ecr(keys, cloud(() => answer))(asked(registry)), (error: Error) => {
        assert.match(error.message, /authorizationToken/);
        assert.doesNotMatch(error.message, /hunter2|aHVudGVyMg/);
        return true;
      });
    }
  });
});
