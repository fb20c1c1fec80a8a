import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Credentials, CredentialsProvider, CredentialsRequest } from "../../src/content/credentials.ts";
import { CredentialsCache } from "../../src/registry/credentials_cache.ts";
import { collect } from "../../src/testing/collect.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake, type Reply, type Seen } from "./fake.ts";
import { plainContent } from "../../src/testing/content.ts";

const digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const hello = new TextEncoder().encode("hello");
const challenge = (header: string): Reply => ({ status: 401, headers: { "www-authenticate": header } });
const bearer = challenge('Bearer realm="/token"');
const tags = (name: string): Reply => ({ body: JSON.stringify({ name, tags: ["v1"] }) });
const login = (username: string): Credentials => ({ username, password: "x" });
const basic = (username: string) => `Basic ${btoa(`${username}:x`)}`;

/** A provider, and what it was asked for. */
function recorded(provider: (request: CredentialsRequest) => Credentials | undefined) {
  const asked: CredentialsRequest[] = [];
  const credentials: CredentialsProvider = (request) => {
    asked.push(request);
    return Promise.resolve(provider(request));
  };
  return { asked, credentials };
}

/** A registry whose token server tells in the token who asked and for what; everything else wants such a token. */
function guarded(replies: Record<string, Reply>) {
  const token = ({ headers, url }: Seen): Reply => ({
    body: JSON.stringify({
      token: [
        headers.get("authorization")?.slice(6) ?? "anonymous",
        ...new URL(url).searchParams.getAll("scope"),
      ]
        .join("/").replace(/[^\w:,/=-]/g, "-"),
    }),
  });
  const answer = (reply: Reply) => ({ headers }: Seen) => headers.has("authorization") ? reply : bearer;
  return new Proxy({}, {
    get: (_, call: string) => {
      if (call.startsWith("GET /token")) return token;
      return replies[call] && answer(replies[call]);
    },
  });
}

const list = "/tags/list?n=1000";
const two = guarded({ [`GET /v2/acme/app${list}`]: tags("a"), [`GET /v2/other/app${list}`]: tags("b") });

describe("credentials for repositories of one host", () => {
  it("that differ never share a token", async () => {
    const { asked, credentials } = recorded(({ repository }) =>
      login(repository!.startsWith("acme/") ? "robot" : "me")
    );
    const { open, authorizations, calls } = fake(two, { credentials });
    const [acme, other] = [open("reg.test/acme/app"), open("reg.test/other/app")];
    for (const app of [acme, other, acme, other]) await collect(app.names());
    assert.deepEqual(asked, [
      { registry: "reg.test", repository: "acme/app", actions: ["pull"] },
      { registry: "reg.test", repository: "other/app", actions: ["pull"] },
    ]);
    const sent = (path: string) =>
      calls().flatMap((call, i) => call.startsWith(`GET ${path}`) ? authorizations()[i] ?? [] : []);
    assert.deepEqual(sent("/token"), [basic("robot"), basic("me")]);
    assert.deepEqual(new Set(sent("/v2/acme")).size, 1);
    assert.deepEqual(new Set(sent("/v2/other")).size, 1);
    assert.ok(sent("/v2/acme")[0] !== sent("/v2/other")[0]);
  });

  it("that differ are told apart even where the token server is asked for the same", async () => {
    const challenges = 'Bearer realm="/token",scope="repository:shared:pull"';
    const names = (reply: Reply) => ({ headers }: Seen) => {
      const sent = headers.get("authorization");
      return sent === null ? challenge(challenges) : reply;
    };
    const { credentials } = recorded(({ repository }) => login(repository!));
    const tokens: string[] = [];
    const { open } = fake(
      new Proxy({}, {
        get: (_, call: string) => {
          if (!call.startsWith("GET /token")) return names(tags("x"));
          return ({ headers }: Seen): Reply => {
            tokens.push(headers.get("authorization")!);
            return { body: `{"token":"t${tokens.length}"}` };
          };
        },
      }),
      { credentials },
    );
    await collect(open("reg.test/a").names());
    await collect(open("reg.test/b").names());
    assert.deepEqual(tokens, [basic("a"), basic("b")]);
  });

  it("that are equal share the tokens for equal scopes", async () => {
    const { asked, credentials } = recorded(() => login("me"));
    const { open, calls } = fake(
      guarded({
        [`GET /v2/app${list}`]: tags("a"),
        [`HEAD /v2/app/blobs/${digest}`]: { headers: { "content-length": "5" } },
      }),
      { credentials },
    );
    const app = open("reg.test/app");
    await collect(app.names());
    await collect(open("reg.test/app").names());
    await app.write(plainContent(hello, { digest }));
    await collect(app.names());
    const tokens = calls().filter((call) => call.startsWith("GET /token"));
    assert.deepEqual(tokens.map((call) => call.slice("GET /token?scope=repository%3A".length)), [
      "app%3Apull",
      "app%3Apull%2Cpush",
    ]);
    assert.deepEqual(asked.map(({ actions }) => actions.join()), ["pull", "pull,push"]);
  });

  it("are sent each to its own with Basic", async () => {
    const { credentials } = recorded(({ repository }) => login(repository!));
    const { open, authorizations } = fake(
      new Proxy({}, {
        get: () => ({ headers }: Seen) => headers.has("authorization") ? tags("a") : challenge("Basic"),
      }),
      { credentials },
    );
    await collect(open("reg.test/a").names());
    await collect(open("reg.test/b").names());
    await collect(open("reg.test/a").names());
    assert.deepEqual(authorizations(), [null, basic("a"), basic("b"), basic("a")]);
  });

  it("keep the refresh token of each apart", async () => {
    const refreshed: string[] = [];
    const { credentials } = recorded(({ repository }) => ({ identityToken: repository! }));
    const { open, clock } = fake(
      new Proxy({}, {
        get: (_, call: string) => {
          if (!call.startsWith("POST /token")) {
            return ({ headers }: Seen) => headers.has("authorization") ? tags("a") : bearer;
          }
          return ({ body }: Seen): Reply => {
            const used = new URLSearchParams(new TextDecoder().decode(body)).get("refresh_token")!;
            refreshed.push(used);
            return { body: JSON.stringify({ access_token: "t", refresh_token: `${used}+` }) };
          };
        },
      }),
      { credentials },
    );
    for (let i = 0; i < 2; i++) {
      await collect(open("reg.test/a").names());
      await collect(open("reg.test/b").names());
      clock.now += 60_000;
    }
    assert.deepEqual(refreshed, ["a", "b", "a+", "b+"]);
  });
});

describe("a provider of credentials", () => {
  it("is told what is to be done", async () => {
    const { asked, credentials } = recorded(() => login("me"));
    const manifest =
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
    const { open, app } = fake(
      guarded({
        "GET /v2/_catalog?n=1000": { body: '{"repositories":["app"]}' },
        [`GET /v2/app/manifests/${digest}`]: { body: manifest },
        [`HEAD /v2/app/blobs/${digest}`]: { status: 404 },
        [`POST /v2/app/blobs/uploads/?mount=${digest}&from=base`]: { status: 201 },
        [`DELETE /v2/app/blobs/${digest}`]: { status: 202 },
      }),
      { credentials },
    );
    await collect(open.catalog("reg.test"));
    assert.deepEqual(asked.splice(0), [{ registry: "reg.test", repository: undefined, actions: ["*"] }]);
    await app.delete({ digest }, { role: "blob" });
    assert.deepEqual(asked.splice(0), [
      { registry: "reg.test", repository: "app", actions: ["delete", "pull"] },
    ]);
    async function* origins() {
      yield { registry: "reg.test", repository: "base" };
    }
    const { how } = await app.write(plainContent(hello, { digest }), { origins: origins() });
    assert.equal(how, "mounted");
    assert.deepEqual(asked.splice(0), [
      { registry: "reg.test", repository: "app", actions: ["pull", "push"] },
    ]);
  });

  it("is asked once by all who ask at the same time", async () => {
    const { asked, credentials } = recorded(() => login("me"));
    const { open } = fake(two, { credentials });
    const app = open("reg.test/acme/app");
    await Promise.all([1, 2, 3].map(() => collect(app.names())));
    assert.equal(asked.length, 1);
  });

  it("that fails fails the work with its own error, and is asked again by the next", async () => {
    const reason = new Error("the keychain is locked");
    let locked = true;
    const { open, seen } = fake(two, {
      credentials: () => locked ? Promise.reject(reason) : Promise.resolve(login("me")),
    });
    const app = open("reg.test/acme/app");
    await assert.rejects(collect(app.names()), reason);
    assert.equal(seen.length, 1);
    locked = false;
    assert.deepEqual(await collect(app.names()), ["v1"]);
  });

  it("is asked again when the token server refuses what it gave", async () => {
    const given = [login("old"), login("new")];
    const { asked, credentials } = recorded(() => given.shift());
    const { open } = fake(
      new Proxy({}, {
        get: (_, call: string) => ({ headers }: Seen): Reply => {
          const sent = headers.get("authorization");
          if (call.startsWith("GET /token")) {
            return sent === basic("new") ? { body: '{"token":"t"}' } : { status: 401 };
          }
          return sent === "Bearer t" ? tags("a") : bearer;
        },
      }),
      { credentials },
    );
    const app = open("reg.test/app");
    await rejects(collect(app.names()), "unauthorized");
    assert.deepEqual(await collect(app.names()), ["v1"]);
    assert.equal(asked.length, 2);
  });

  it("that gives nothing is named by its host alone", async () => {
    const { credentials } = recorded(() => undefined);
    const { open } = fake({ [`GET /v2/app${list}`]: challenge("Basic") }, { credentials });
    await rejects(
      collect(open("reg.test/app").names()),
      "unauthorized",
      /\(no credentials for reg\.test\)$/,
    );
  });
});

describe("the cache of credentials", () => {
  const pull = (repository: string) => [`repository:${repository}:pull`];

  it("gives one account for equal credentials, and forgets it whole", async () => {
    const { asked, credentials } = recorded(({ repository }) => login(repository!.split("/")[0]!));
    const cache = new CredentialsCache("reg.test", credentials);
    const account = await cache.get(pull("a/x"));
    assert.equal(await cache.get(pull("a/y")), account);
    assert.notEqual(await cache.get(pull("b/x")), account);
    cache.forget(account);
    cache.forget(account);
    const next = await cache.get(pull("a/y"));
    assert.notEqual(next, account);
    // Somebody who still held the old one must not take the new one away.
    cache.forget(account);
    assert.equal(await cache.get(pull("a/y")), next);
    await cache.get(pull("b/x"));
    assert.deepEqual(asked.map(({ repository }) => repository), ["a/x", "a/y", "b/x", "a/y"]);
  });

  it("asks for nobody's repository where there is no scope", async () => {
    const { asked, credentials } = recorded(() => undefined);
    const cache = new CredentialsCache("cdn.test", credentials);
    assert.equal((await cache.get([])).credentials, undefined);
    assert.deepEqual(asked, [{ registry: "cdn.test", repository: undefined, actions: [] }]);
  });
});
