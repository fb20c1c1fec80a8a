import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { tokenCheck, tokenServer } from "../../../src/server/auth/tokens.ts";

const identity = { issuer: "auth.test", service: "registry.test" };

async function keyPair(alg: string): Promise<{ publicKey: JWK; privateKey: JWK }> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    publicKey: { ...await exportJWK(publicKey), alg, kid: "one" },
    privateKey: { ...await exportJWK(privateKey), alg, kid: "one" },
  };
}

function serverWith(key: JWK | Uint8Array) {
  return tokenServer({
    ...identity,
    key,
    authenticate: ({ username, password }) =>
      Promise.resolve(username === "ci" && password === "secret" ? { name: "ci" } : undefined),
    allow: (visitor, { actions }) => visitor !== undefined || actions[0] === "pull",
  });
}

async function ask(key: JWK | Uint8Array, query: string, init?: RequestInit): Promise<Response> {
  return await serverWith(key)(new Request(`https://auth.test/token?${query}`, init));
}

describe("tokens of a registry", () => {
  for (const alg of ["ES256", "RS256", "EdDSA"]) {
    it(`are signed and checked with ${alg}`, async () => {
      const { publicKey, privateKey } = await keyPair(alg);
      const headers = { authorization: `Basic ${btoa("ci:secret")}` };
      const answer = await ask(privateKey, "scope=repository:a:pull,push&scope=repository:b:pull", {
        headers,
      });
      assert.equal(answer.headers.get("cache-control"), "no-store");
      const { token, access_token, expires_in } = await answer.json();
      assert.deepEqual([access_token, expires_in], [token, 300]);
      assert.deepEqual(await tokenCheck({ ...identity, keys: [publicKey] })({ token }), {
        name: "ci",
        access: [
          { type: "repository", name: "a", actions: ["pull", "push"] },
          { type: "repository", name: "b", actions: ["pull"] },
        ],
      });
    });
  }

  it("allow the part that may be", async () => {
    const key = new Uint8Array(32).fill(7);
    const check = tokenCheck({ ...identity, keys: [key] });
    const { token } = await (await ask(key, "scope=repository:a:pull,push")).json();
    assert.deepEqual(await check({ token }), {
      name: "",
      access: [{ type: "repository", name: "a", actions: ["pull"] }],
    });
    const form = new URLSearchParams({
      grant_type: "password",
      username: "ci",
      password: "secret",
      scope: "repository:a:push repository:b:delete",
    });
    const posted = await (await ask(key, "", { method: "POST", body: form })).json();
    assert.equal((await check({ token: posted.access_token }))?.access?.length, 2);
  });

  it("are not given to those whose password is wrong", async () => {
    const key = new Uint8Array(32);
    for (const authorization of [`Basic ${btoa("ci:wrong")}`, "Basic !!", "Nonsense"]) {
      const answer = await ask(key, "", { headers: { authorization } });
      assert.equal(answer.status, 401, authorization);
      assert.match(answer.headers.get("www-authenticate")!, /^Basic/);
    }
    const form = new URLSearchParams({ grant_type: "refresh_token" });
    assert.equal((await ask(key, "", { method: "POST", body: form })).status, 400);
  });

  it("are not believed with another key, issuer, audience, time or algorithm (E36)", async () => {
    const { publicKey, privateKey } = await keyPair("ES256");
    const other = await keyPair("ES256");
    const check = tokenCheck({ ...identity, keys: [publicKey] });
    const now = Math.floor(Date.now() / 1000);
    const sign = async (
      key: JWK,
      { issuer = "auth.test", audience = "registry.test", from = now, to = now + 60 } = {},
    ) =>
      await new SignJWT({ access: [] }).setProtectedHeader({ alg: "ES256", jwk: other.publicKey })
        .setIssuer(issuer).setAudience(audience).setNotBefore(from).setExpirationTime(to)
        .sign(await (await import("jose")).importJWK(key, "ES256"));
    assert.ok(await check({ token: await sign(privateKey) }));
    // The key in the header is anybody's.
    assert.equal(await check({ token: await sign(other.privateKey) }), undefined);
    assert.equal(await check({ token: await sign(privateKey, { issuer: "other" }) }), undefined);
    assert.equal(await check({ token: await sign(privateKey, { audience: "other" }) }), undefined);
    assert.equal(await check({ token: await sign(privateKey, { to: now - 60 }) }), undefined);
    assert.equal(await check({ token: await sign(privateKey, { from: now + 60 }) }), undefined);
    assert.ok(await check({ token: await sign(privateKey, { to: now - 5 }) }), "clocks differ a little");
    const [header, payload] = ["", ""].concat((await sign(privateKey)).split(".").slice(1, 2)).slice(1);
    const none = btoa('{"alg":"none"}').replace(/=+$/, "");
    assert.equal(await check({ token: `${none}.${payload ?? header}.` }), undefined);
    assert.equal(await check({ token: "nonsense" }), undefined);
    assert.equal(await check({ username: "ci", password: "secret" }), undefined);
    const secret = new TextEncoder().encode(JSON.stringify(publicKey));
    const { token } = await (await ask(secret, "")).json();
    assert.equal(await check({ token }), undefined, "HS256 with the public key as its secret");
  });
});
