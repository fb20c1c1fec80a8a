/** A role of minio's that is taken on with a token which an OpenID Connect server of ours has signed. */

import assert from "node:assert/strict";
import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { awsWebIdentity } from "../../src/keychain/mod.ts";
import { s3 } from "../../src/objects/mod.ts";
import { listen } from "../../src/server/node.ts";
import { rejects } from "../../src/testing/errors.ts";
import { servers } from "./s3_servers.ts";

const minio = servers.find(({ name }) => name === "minio")!;
const client = "gantry";

/** An issuer of tokens, as far as minio looks at it. */
async function withIssuer(work: (url: string, token: () => string) => Promise<void>): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" };
  const listening = await listen(({ url: asked }) => {
    const document = new URL(asked).pathname === "/keys" ? { keys: [key] } : {
      issuer: url,
      jwks_uri: `${url}/keys`,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    };
    return Promise.resolve(Response.json(document));
  });
  const { url } = listening;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: url,
      sub: "system:serviceaccount:ci:default",
      aud: client,
      iat: now,
      exp: now + 3600,
    };
    const signed = `${part({ alg: "RS256", kid: key.kid, typ: "JWT" })}.${part(claims)}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
  };
  try {
    await work(url, token);
  } finally {
    await listening.close();
  }
}

describe("the role of a service account, at minio", minio.needed, () => {
  it("gives keys that open its bucket, and none for a token that is not right", () =>
    withIssuer(async (url, token) => {
      const server = await minio.start({
        env: {
          MINIO_IDENTITY_OPENID_CONFIG_URL: `${url}/.well-known/openid-configuration`,
          MINIO_IDENTITY_OPENID_CLIENT_ID: client,
          MINIO_IDENTITY_OPENID_ROLE_POLICY: "readwrite",
        },
      });
      try {
        const { options: { endpoint, bucket }, region } = server;
        const name = createHash("sha1").update(client).digest("base64url");
        const role = `arn:minio:iam:${region}::role/${name}`;
        const credentials = awsWebIdentity({ role, endpoint, token: () => Promise.resolve(`${token()}\n`) });
        assert.ok((await credentials()).sessionToken);
        const images = s3({ bucket, endpoint, credentials });
        await images.put("key", new Uint8Array(3));
        assert.equal((await images.head("key"))?.size, 3);
        const forged = `${token().slice(0, -8)}AAAAAAAA`;
        await rejects(awsWebIdentity({ role, endpoint, token: forged })(), "unauthorized", /: 400 /);
      } finally {
        await server.stop();
      }
    }));
});
