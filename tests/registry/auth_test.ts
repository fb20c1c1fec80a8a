import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { as, bearer, challenge, found, get, guarded, me, realm, token } from "./auth_replies.ts";
import { fake, type Reply, type Seen } from "./fake.ts";

describe("authorisation", () => {
  it("is not offered before it is asked for", async () => {
    const { app, authorizations } = fake({ [get]: found }, as(me));
    await app.resolve("v1", { document: true });
    assert.deepEqual(authorizations(), [null]);
  });

  it("by name and password is sent to whoever asks with Basic, and then at once", async () => {
    const basic = (request: Seen) =>
      request.headers.has("authorization") ? found : challenge('BASIC realm="x"');
    const { app, authorizations } = fake({ [get]: basic }, as(me));
    await app.resolve("v1", { document: true });
    await app.resolve("v1", { document: true });
    const header = `Basic ${Buffer.from("me:pässwörd:1").toString("base64")}`;
    assert.deepEqual(authorizations(), [null, header, header]);
  });

  it("is refused once when there are no credentials, or wrong ones", async () => {
    const anonymous = fake({ [get]: challenge('Basic realm="x"') });
    await rejects(
      anonymous.app.resolve("v1", { document: true }),
      "unauthorized",
      /no credentials for reg\.test/,
    );
    assert.equal(anonymous.seen.length, 1);
    const wrong = fake({ [get]: challenge('Basic realm="x"') }, as(me));
    await rejects(wrong.app.resolve("v1", { document: true }), "unauthorized", /401 UNAUTHORIZED: log in$/);
    assert.equal(wrong.seen.length, 2);
  });

  it("asks for the credentials anew when they are refused", async () => {
    const given = [{ ...me, password: "old" }, { ...me, password: "new" }];
    const header = `Basic ${btoa("me:new")}`;
    const basic = ({ headers }: Seen) => headers.get("authorization") === header ? found : challenge("Basic");
    const { app, seen } = fake({ [get]: basic }, { credentials: () => Promise.resolve(given.shift()) });
    await app.resolve("v1", { document: true });
    assert.equal(seen.length, 3);
  });

  it("by token is fetched anonymously without credentials", async () => {
    const { app, calls, authorizations } = fake({ [get]: guarded(found, "t1"), [realm]: token("t1") });
    await app.resolve("v1", { document: true });
    assert.deepEqual(calls(), [get, realm, get]);
    assert.deepEqual(authorizations(), [null, null, "Bearer t1"]);
  });

  it("by token is fetched with name and password", async () => {
    const { app, authorizations } = fake({ [get]: guarded(found, "t1"), [realm]: token("t1") }, as(me));
    await app.resolve("v1", { document: true });
    assert.match(authorizations()[1]!, /^Basic /);
  });

  it("with empty name and password is anonymous", async () => {
    const script = { [get]: guarded(found, "t1"), [realm]: token("t1") };
    const { app, authorizations } = fake(script, as({ username: "", password: "" }));
    await app.resolve("v1", { document: true });
    assert.equal(authorizations()[1], null);
  });

  it("by an identity token is exchanged with POST, and the one that comes back takes its place", async () => {
    const forms: string[] = [];
    const tokens = ["t1", "t2"];
    const { app, clock } = fake({
      [get]: guarded(found, "t1", "t2"),
      "POST https://auth.reg.test/token": ({ body, headers }) => {
        forms.push(new TextDecoder().decode(body));
        assert.equal(headers.get("authorization"), null);
        return {
          body: JSON.stringify({ access_token: tokens.shift(), refresh_token: "second", expires_in: 60 }),
        };
      },
    }, as({ identityToken: "first" }));
    await app.resolve("v1", { document: true });
    clock.now += 60_000;
    await app.resolve("v1", { document: true });
    assert.deepEqual(Object.fromEntries(new URLSearchParams(forms[0])), {
      grant_type: "refresh_token",
      refresh_token: "first",
      client_id: "gantry",
      scope: "repository:app:pull",
      service: "reg.test",
    });
    assert.equal(new URLSearchParams(forms[1]).get("refresh_token"), "second");
  });

  it("by a registry token is sent as it is and never exchanged", async () => {
    const { app, calls } = fake({ [get]: guarded(found, "raw") }, as({ registryToken: "raw" }));
    await app.resolve("v1", { document: true });
    assert.deepEqual(calls(), [get, get]);
    const refused = fake({ [get]: challenge(bearer) }, as({ registryToken: "raw" }));
    await rejects(refused.app.resolve("v1", { document: true }), "unauthorized");
  });
});

describe("tokens", () => {
  it("hold for their time, of a minute at least, by our clock", async () => {
    for (const [expires, holds] of [[300, 294], [undefined, 54], [0, 54], [-5, 54], ["120", 114]] as const) {
      const { app, calls, clock } = fake({
        [get]: guarded(found, "t1"),
        [realm]: token("t1", { expires_in: expires, issued_at: "1999-01-01T00:00:00Z" }),
      });
      await app.resolve("v1", { document: true });
      clock.now += holds * 1000;
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), [get, realm, get, get], `${expires}`);
      clock.now += 2000;
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls().slice(4), [realm, get]);
    }
  });

  it("that are refused are replaced once", async () => {
    for (const status of [401, 400, 403]) {
      const refuse = challenge(bearer, status);
      if (status !== 401) delete refuse.headers;
      const { app, calls } = fake({
        [get]: [challenge(bearer), found, refuse, found],
        [realm]: [token("t1"), token("t2")],
      });
      await app.resolve("v1", { document: true });
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), [get, realm, get, get, realm, get], `${status}`);
    }
  });

  it("that do not help are not fetched again and again", async () => {
    const { app, calls } = fake({ [get]: challenge(bearer), [realm]: token("t1") });
    await rejects(app.resolve("v1", { document: true }), "unauthorized");
    assert.deepEqual(calls(), [get, realm, get]);
  });

  it("are fetched with more scope when the registry says that theirs does not do", async () => {
    const wide =
      "GET https://auth.reg.test/token?service=reg.test&scope=repository%3Aother%3Apull&scope=repository%3Aapp%3Apull";
    const more = bearer.replace('scope="', 'error="insufficient_scope",scope="repository:other:pull ');
    for (const status of [401, 403]) {
      const { app, calls } = fake({
        [get]: [challenge(bearer), challenge(more, status), found],
        [realm]: token("t1"),
        [wide]: token("t2"),
      });
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), [get, realm, get, wide, get]);
      await app.resolve("v1", { document: true });
      assert.equal(calls().length, 6, "the wider scope is remembered");
    }
  });

  it("of one repository are not sent for another", async () => {
    const other = realm.replace("app", "other");
    const { open, authorizations } = fake({
      [get]: guarded(found, "t1"),
      "GET /v2/other/manifests/v1": guarded(found, "t2"),
      [realm]: token("t1"),
      [other]: token("t2"),
    });
    await open("reg.test/app").resolve("v1", { document: true });
    await open("reg.test/other").resolve("v1", { document: true });
    assert.deepEqual(authorizations(), [null, null, "Bearer t1", null, "Bearer t2"]);
  });

  it("ask for pushing when something is to be written, once", async () => {
    const push = realm.replace("Apull", "Apull%2Cpush");
    const bytes = new TextEncoder().encode("hello");
    const digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const guard = (reply: Reply) => guarded(reply, "t1");
    const { app, calls } = fake({
      "POST /v2/app/blobs/uploads/": guard({ status: 202, headers: { location: "/u/1?s=%20x" } }),
      [`PUT /u/1?s=%20x&digest=${encodeURIComponent(digest)}`]: guard({ status: 201 }),
      [push]: token("t1"),
    });
    await app.write(plainContent(bytes));
    assert.deepEqual(calls().map((call) => call.split(" ")[0]), ["POST", "GET", "POST", "PUT"]);
  });
});

describe("challenges", () => {
  it("may come only from /v2/", async () => {
    const silent = ({ headers }: Seen) =>
      headers.get("authorization") === "Bearer t1" ? found : { status: 401 };
    const { app, calls } = fake({ [get]: silent, "GET /v2/": challenge(bearer), [realm]: token("t1") });
    await app.resolve("v1", { document: true });
    assert.deepEqual(calls(), [get, "GET /v2/", realm, get]);
    const open = fake({ [get]: { status: 401 }, "GET /v2/": {} });
    await rejects(open.app.resolve("v1", { document: true }), "unauthorized");
    assert.deepEqual(open.calls(), [get, "GET /v2/"]);
  });

  it("of requests that were sent at the same time are all answered", async () => {
    for (const refusal of [challenge(bearer), { status: 401 }, challenge("Basic")]) {
      const { app, calls } = fake({
        [get]: ({ headers }) => headers.has("authorization") ? found : refusal,
        "GET /v2/": challenge(bearer),
        [realm]: token("t1"),
      }, as(me));
      await Promise.all([1, 2, 3].map(() => app.resolve("v1", { document: true })));
      for (const once of [realm, "GET /v2/"]) {
        assert.ok(calls().filter((call) => call === once).length <= 1, once);
      }
    }
  });

  it("of another host are answered with that host's credentials, or none", async () => {
    const asked: string[] = [];
    const blob = "GET /v2/app/blobs/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const { app, seen } = fake({
      [blob]: [challenge("Basic"), { status: 307, headers: { location: "https://cdn.test/x" } }],
      "GET https://cdn.test/x": ({ headers }) =>
        headers.has("authorization") ? { body: "hello" } : challenge("Basic"),
    }, {
      credentials: ({ registry: host }) => {
        asked.push(host);
        return Promise.resolve({ username: "at", password: host });
      },
    });
    const digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert.equal(await new Response(await app.open({ digest })).text(), "hello");
    assert.deepEqual(seen.map(({ url, headers }) => [new URL(url).host, headers.get("authorization")]), [
      ["reg.test", null],
      ["reg.test", `Basic ${btoa("at:reg.test")}`],
      ["cdn.test", null],
      ["cdn.test", `Basic ${btoa("at:cdn.test")}`],
    ]);
    assert.deepEqual(asked, ["reg.test", "cdn.test"]);
  });

  it("of another host are answered without a word of our repository", async () => {
    const digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const { app, calls } = fake({
      [`GET /v2/app/blobs/${digest}`]: { status: 307, headers: { location: "https://cdn.test/x" } },
      "GET https://cdn.test/x": [challenge('Bearer realm="/t"'), { body: "hello" }],
      "GET https://cdn.test/t": token("t1"),
    });
    assert.equal(await new Response(await app.open({ digest })).text(), "hello");
    assert.equal(calls()[2], "GET https://cdn.test/t");
  });

  it("that want more each time are answered twice", async () => {
    let n = 0;
    const { app, calls } = fake(
      new Proxy({}, {
        get: (_, call: string) => () =>
          call.startsWith("GET /t?")
            ? token(`t${n}`)
            : challenge(`Bearer realm="/t",scope="repository:r${n++}:pull"`),
      }),
    );
    await rejects(app.resolve("v1", { document: true }), "unauthorized");
    assert.deepEqual(calls().filter((call) => call === get), [get, get, get]);
  });

  it("are answered over plain HTTP only where that is wanted", async () => {
    const digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const asked: string[] = [];
    const { open, authorizations } = fake({
      [`GET http://plain.test/v2/app/blobs/${digest}`]: ({ headers }) =>
        headers.has("authorization")
          ? { status: 307, headers: { location: "http://other.test/x" } }
          : challenge("Basic"),
      "GET http://other.test/x": challenge("Basic"),
      [`GET https://plain.test/v2/app/blobs/${digest}`]: { fails: new TypeError("no TLS here") },
    }, {
      insecure: (host) => host === "plain.test",
      credentials: ({ registry: host }) => {
        asked.push(host);
        return Promise.resolve(me);
      },
    });
    await rejects(open("plain.test/app").open({ digest }), "unauthorized", /no credentials for other\.test/);
    assert.deepEqual(asked, ["plain.test"]);
    assert.equal(authorizations().at(-1), null);
  });
});
