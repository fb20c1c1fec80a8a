import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { type AwsRequest, AwsSigner } from "../../src/http/sigv4.ts";

/** The keys of AWS's own test suite, and those of the examples of S3's documentation. */
const suite = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const examples = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const empty = new Uint8Array(0);

const ofSuite = (path: string, more: Partial<AwsRequest> = {}): AwsRequest => ({
  method: "GET",
  url: new URL(path, "https://example.amazonaws.com/"),
  headers: new Headers(),
  body: empty,
  service: "service",
  region: "us-east-1",
  now: Date.UTC(2015, 7, 30, 12, 36),
  ...more,
});

const ofS3 = (path: string, more: Partial<AwsRequest> = {}): AwsRequest => ({
  ...ofSuite(path),
  url: new URL(path, "https://examplebucket.s3.amazonaws.com/"),
  service: "s3",
  now: Date.UTC(2013, 4, 24),
  ...more,
});

async function signatureOf(request: AwsRequest): Promise<string> {
  const { url, headers } = await new AwsSigner().sign(request, request.service === "s3" ? examples : suite);
  const [, signature] = /Signature=([0-9a-f]{64})$/.exec(`${headers.get("authorization")}`) ??
    /X-Amz-Signature=([0-9a-f]{64})$/.exec(url.href) ?? [];
  return signature!;
}

describe("Signature Version 4", () => {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-test-suite.html
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, and sigv4-query-string-auth.html
  const vectors: readonly [string, AwsRequest, string][] = [
    ["get-vanilla", ofSuite("/"), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    [
      "post-vanilla",
      ofSuite("/", { method: "POST" }),
      "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ],
    [
      "get-vanilla-query-order-key-case",
      ofSuite("/?Param2=value2&Param1=value1"),
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      "S3's range of an object",
      ofS3("/test.txt", { headers: new Headers({ range: "bytes=0-9" }) }),
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ],
    [
      "S3's put of an object",
      ofS3("/test%24file.text", {
        method: "PUT",
        headers: new Headers({
          date: "Fri, 24 May 2013 00:00:00 GMT",
          "x-amz-storage-class": "REDUCED_REDUNDANCY",
        }),
        body: utf8("Welcome to Amazon S3."),
      }),
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ],
    [
      "S3's query without a value",
      ofS3("/?lifecycle"),
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ],
    [
      "S3's list of objects",
      ofS3("/?max-keys=2&prefix=J"),
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ],
    [
      "S3's URL for a day",
      ofS3("/test.txt", { expires: 86_400 }),
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    ],
  ];
  for (const [name, request, signature] of vectors) {
    it(`signs ${name} as AWS does`, async () => {
      assert.equal(await signatureOf(request), signature);
    });
  }

  it("signs a session token and other headers too", async () => {
    const headers = new Headers({ "X-Amz-Target": "a", "content-type": "b" });
    const request = ofSuite("/", { method: "POST", headers });
    const signed = await new AwsSigner().sign(request, { ...suite, sessionToken: "session" });
    assert.equal(signed.headers.get("x-amz-security-token"), "session");
    assert.match(
      signed.headers.get("authorization")!,
      /SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,/,
    );
    assert.equal(headers.has("authorization"), false);
  });

  it("keeps what it has derived, and not for another secret", async () => {
    const signer = new AwsSigner();
    const of = async (secretAccessKey: string) =>
      (await signer.sign(ofSuite("/"), { accessKeyId: "A", secretAccessKey })).headers.get("authorization");
    const first = await of("one");
    assert.equal(await of("one"), first);
    assert.notEqual(await of("two"), first);
  });
});
