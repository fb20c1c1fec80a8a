import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signAws } from "../../src/keychain/sigv4.ts";

describe("Signature Version 4", () => {
  // post-vanilla and post-sts-header-before of AWS's own test suite.
  const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
  const request = {
    url: new URL("https://example.amazonaws.com/"),
    headers: {},
    body: new Uint8Array(0),
    service: "service",
    region: "us-east-1",
    now: Date.UTC(2015, 7, 30, 12, 36),
  };

  it("signs as AWS's example says", async () => {
    const signed = await signAws(request, keys);
    assert.deepEqual(signed, {
      "x-amz-date": "20150830T123600Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    });
  });

  it("signs a session token and other headers too", async () => {
    const headers = { "X-Amz-Target": "a", "content-type": "b" };
    const signed = await signAws({ ...request, headers }, { ...keys, sessionToken: "session" });
    assert.equal(signed["x-amz-security-token"], "session");
    const names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,";
    assert.ok(signed["authorization"]!.includes(names));
  });
});
