import assert from "node:assert/strict";
import { createVerify, generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { google, googleKey, googleMetadata } from "../../src/keychain/google.ts";
import { fails, rejects } from "../../src/testing/errors.ts";
import { asked, cloud } from "./support.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = {
  type: "service_account",
  client_email: "robot@acme.iam.gserviceaccount.com",
  private_key_id: "k1",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
  token_uri: "https://oauth2.googleapis.com/token",
};
const answer = { access_token: "ya29.x", expires_in: 3600, token_type: "Bearer" };
const login = { username: "oauth2accesstoken", password: "ya29.x" };
const now = () => Date.UTC(2026, 0, 1);

describe("Google's keychain", () => {
  it("signs the JWT of a service account", async () => {
    const { transport, seen } = cloud(() => answer);
    const keychain = google(googleKey(JSON.stringify(key), { transport, now }), { now });
    assert.deepEqual(await keychain(asked("europe-docker.pkg.dev")), login);
    assert.deepEqual(await keychain(asked("gcr.io")), login);
    assert.equal(seen.length, 1);
    const form = new URLSearchParams(seen[0]!.body);
    assert.equal(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [header, claims, signature] = form.get("assertion")!.split(".");
    const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
    assert.deepEqual(decode(header!), { alg: "RS256", typ: "JWT", kid: "k1" });
    assert.deepEqual(decode(claims!), {
      iss: key.client_email,
      scope: "https://www.googleapis.com/auth/cloud-platform",
      aud: key.token_uri,
      iat: now() / 1000,
      exp: now() / 1000 + 3600,
    });
    const verified = createVerify("RSA-SHA256").update(`${header}.${claims}`);
    assert.ok(verified.verify(publicKey, signature!, "base64url"));
  });

  it("refreshes the token of a user", async () => {
    const { transport, seen } = cloud(() => answer);
    const user = { type: "authorized_user", client_id: "id", client_secret: "s", refresh_token: "r" };
    assert.deepEqual(await google(googleKey(JSON.stringify(user), { transport }))(asked("gcr.io")), login);
    assert.equal(seen[0]!.url, "https://oauth2.googleapis.com/token");
    assert.equal(seen[0]!.body, "grant_type=refresh_token&client_id=id&client_secret=s&refresh_token=r");
  });

  it("asks the metadata server of a machine, again when the token ends", async () => {
    let time = 0;
    const { transport, seen } = cloud(() => answer);
    const keychain = google(googleMetadata({ transport, now: () => time }), { now: () => time });
    await keychain(asked("us.gcr.io"));
    const [{ method, url, headers } = assert.fail()] = seen;
    assert.equal(
      `${method} ${url}`,
      "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
    );
    assert.equal(headers.get("metadata-flavor"), "Google");
    time = 3_539_000;
    await keychain(asked("us.gcr.io"));
    assert.equal(seen.length, 1);
    time = 3_540_000;
    await keychain(asked("us.gcr.io"));
    assert.equal(seen.length, 2);
  });

  it("is asked for no other registry, whatever it is called (A36)", async () => {
    const never = google(() => assert.fail("asked"));
    for (
      const other of [
        "gcr.io.evil.test",
        "evilgcr.io",
        "gcr.io:5000",
        "docker.io",
        "pkg.dev.test",
        "x@gcr.io",
      ]
    ) {
      assert.equal(await never(asked(other)), undefined, other);
    }
  });

  it("takes no key that it cannot use", async () => {
    const bad: [object, "invalid-document" | "unsupported"][] = [
      [{ type: "external_account" }, "unsupported"],
      [{}, "unsupported"],
      [{ ...key, private_key: undefined }, "invalid-document"],
      [{ ...key, token_uri: "http://attacker.test/" }, "invalid-document"],
      [{ type: "authorized_user", client_id: "id" }, "invalid-document"],
    ];
    for (const [one, code] of bad) {
      assert.throws(() => googleKey(JSON.stringify(one)), fails(code, /Google's key/));
    }
    const broken = googleKey(JSON.stringify({ ...key, private_key: "-----BEGIN hunter2" }));
    await rejects(
      broken(),
      "invalid-document",
      /^read Google's key: its private_key is no RSA key in PKCS #8$/,
    );
  });
});
