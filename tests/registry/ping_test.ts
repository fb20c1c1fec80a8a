import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fails, rejects } from "../../src/testing/errors.ts";
import { as, challenge, found, get, guarded, me, realm, token } from "./auth_replies.ts";
import { fake, type Seen } from "./fake.ts";

const ping = "GET /v2/";
const plain = 'Bearer realm="https://auth.reg.test/token",service="reg.test"';
const tokenFor = (...scopes: string[]) =>
  `GET https://auth.reg.test/token?${
    ["service=reg.test", ...scopes.map((scope) => `scope=${encodeURIComponent(scope)}`)].join("&")
  }`;

describe("a ping", () => {
  it("logs in by name and password", async () => {
    const basic = ({ headers }: Seen) => headers.has("authorization") ? {} : challenge("Basic");
    const { open, calls } = fake({ [ping]: basic }, as(me));
    await open.ping("reg.test");
    assert.deepEqual(calls(), [ping, ping]);
  });

  it("logs in by token, without a scope", async () => {
    const guard = ({ headers }: Seen) => headers.get("authorization") === "Bearer t1" ? {} : challenge(plain);
    const { open, calls, authorizations } = fake({ [ping]: guard, [tokenFor()]: token("t1") }, as(me));
    await open.ping("reg.test");
    assert.deepEqual(calls(), [ping, tokenFor(), ping]);
    assert.match(authorizations()[1]!, /^Basic /);
  });

  it("fails where the registry or its token server does not take them, or is none", async () => {
    await rejects(
      fake({ [ping]: challenge("Basic") }, as(me)).open.ping("reg.test"),
      "unauthorized",
      /^log in to reg\.test: 401/,
    );
    const refusing = fake({ [ping]: challenge(plain), [tokenFor()]: { status: 401 } }, as(me));
    await rejects(
      refusing.open.ping("reg.test"),
      "unauthorized",
      /^log in to reg\.test at auth\.reg\.test\/token: 401/,
    );
    await rejects(fake({ [ping]: { status: 404 } }).open.ping("reg.test"), "not-found");
    await assert.rejects(fake({}).open.ping("reg.test/app"), fails("invalid-name"));
  });
});

describe("a token for elsewhere", () => {
  const answer = { token: "t1", expires_in: 300, issued_at: "2026-01-01T00:00:00Z" };

  it("is for pulling, or for more, with the credentials", async () => {
    const scopes = ["repository:app:pull,push", "repository:base:pull"];
    const script = {
      [ping]: challenge(plain),
      [tokenFor("repository:app:pull")]: { body: JSON.stringify(answer) },
      [tokenFor(...scopes)]: token("t2"),
    };
    const { open, calls, authorizations } = fake(script, as(me));
    assert.deepEqual(await open.token("reg.test/app"), { token: "t1", answer });
    const { token: second } = await open.token("reg.test/app", { push: true, mount: ["reg.test/base"] });
    assert.equal(second, "t2");
    assert.deepEqual(calls(), [ping, tokenFor("repository:app:pull"), ping, tokenFor(...scopes)]);
    assert.ok(authorizations()[1]!.startsWith("Basic "));
  });

  it("is not there where the registry asks for none", async () => {
    for (const reply of [{}, challenge("Basic")]) {
      await rejects(
        fake({ [ping]: reply }, as(me)).open.token("reg.test/app"),
        "unsupported",
        /^get a token for reg\.test\/app: /,
      );
    }
    await rejects(fake({ [ping]: { status: 500 } }).open.token("reg.test/app"), "unavailable");
  });
});

describe("headers for registries", () => {
  const headers = { "X-Meta": "1", "user-agent": "theirs" };

  it("are sent to them alone: to no token server, and to no storage", async () => {
    const blob = `sha256:${"0".repeat(64)}`;
    const { app, seen } = fake({
      [get]: guarded(found, "t1"),
      [realm]: token("t1"),
      [`GET /v2/app/blobs/${blob}`]: { status: 307, headers: { location: "https://cdn.test/x" } },
      "GET https://cdn.test/x": { status: 404 },
    }, { headers });
    await app.resolve("v1", { document: true });
    await assert.rejects(app.open({ digest: blob as `sha256:${string}` }));
    const sent = seen.map(({ url, headers }) => [new URL(url).host, headers.get("x-meta")]);
    assert.deepEqual(sent, [
      ["reg.test", "1"],
      ["auth.reg.test", null],
      ["reg.test", "1"],
      ["reg.test", "1"],
      ["cdn.test", null],
    ]);
    assert.ok(seen.every(({ headers }) => headers.get("user-agent") === "gantry"));
  });
});
