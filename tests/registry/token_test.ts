import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import type { RegistryOptions } from "../../src/registry/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { as, bearer, challenge, found, get, guarded, me, realm, token } from "./auth_replies.ts";
import { fake, type Seen } from "./fake.ts";
import { digest, list, small } from "./upload_replies.ts";

describe("token requests", () => {
  const first = async (header: string, options?: RegistryOptions) => {
    const { app, calls } = fake(
      new Proxy({ [get]: [challenge(header), found] }, {
        get: (script, key: string) => script[key as typeof get] ?? token("t"),
      }),
      options,
    );
    await app.resolve("v1", { document: true });
    return calls()[1];
  };

  it("ask for what the work needs where the challenge names no scope, and name no service where it names none", async () => {
    assert.equal(
      await first('Bearer realm="https://auth.reg.test/t"'),
      "GET https://auth.reg.test/t?scope=repository%3Aapp%3Apull",
    );
  });

  it("keep the query of the realm", async () => {
    assert.equal(
      await first('Bearer realm="https://auth.reg.test/t?x=1%2B+a"'),
      "GET https://auth.reg.test/t?x=1%2B+a&scope=repository%3Aapp%3Apull",
    );
  });

  it("resolve a relative realm against the registry", async () => {
    assert.equal(await first('Bearer realm="/token"'), "GET /token?scope=repository%3Aapp%3Apull");
  });

  it("name every scope of the challenge, what was missing first", async () => {
    assert.equal(
      await first('Bearer realm="/t",scope="repository:other:pull repository:app:pull,push"'),
      "GET /t?scope=repository%3Aother%3Apull&scope=repository%3Aapp%3Apull%2Cpush",
    );
  });

  it("without a realm, or with one that leads inside the network, are not made", async () => {
    for (
      const header of [
        "Bearer service=x",
        'Bearer realm="http://auth.reg.test/token"',
        'Bearer realm="https://127.0.0.1/token"',
        'Bearer realm="https://[::1]:8080/"',
        'Bearer realm="https://169.254.169.254/latest"',
        'Bearer realm="https://2130706433/"',
        'Bearer realm="file:///etc/passwd"',
        'Bearer realm="data:application/json,{}"',
      ]
    ) {
      const { app, seen } = fake({ [get]: challenge(header) }, as(me));
      await assert.rejects(
        app.resolve("v1", { document: true }),
        (error) => GantryError.is(error, "denied", "invalid-document"),
        header,
      );
      assert.equal(seen.length, 1, header);
    }
  });

  it("carry no credentials to another domain, and the error says so", async () => {
    const header = 'Bearer realm="https://tokens.evil.test/t"';
    const script = {
      [get]: challenge(header),
      "GET https://tokens.evil.test/t?scope=repository%3Aapp%3Apull": token("t1"),
    };
    const { app, authorizations } = fake(script, as(me));
    await rejects(app.resolve("v1", { document: true }), "unauthorized", /kept from tokens\.evil\.test/);
    assert.deepEqual(authorizations(), [null, null, "Bearer t1"]);
    const trusting = fake(script, { ...as(me), trustedRealms: ["tokens.evil.test"] });
    await rejects(trusting.app.resolve("v1", { document: true }), "unauthorized");
    assert.match(trusting.authorizations()[1]!, /^Basic /);
  });

  it("do not follow the token server elsewhere", async () => {
    const { app, calls } = fake({
      [get]: challenge(bearer),
      [realm]: { status: 307, headers: { location: "https://evil.test/t" } },
    }, as(me));
    await rejects(app.resolve("v1", { document: true }), "denied", /auth\.reg\.test redirects to evil\.test/);
    assert.deepEqual(calls(), [get, realm]);
  });

  it("that are refused say by whom, and never hold secrets", async () => {
    const { app } = fake({
      [get]: challenge(bearer),
      [realm]: { status: 401, body: '{"details":"bad Basic bWU6c2VjcmV0LXBhc3N3b3Jk"}' },
    }, as(me));
    await assert.rejects(app.resolve("v1", { document: true }), (error: Error) => {
      assert.match(error.message, /^log in to reg\.test at auth\.reg\.test\/token: 401 bad Basic …$/);
      return true;
    });
  });

  it("need an answer that is JSON with a token, and not endless", async () => {
    for (
      const [body, code] of [
        ["<html>log in</html>", "invalid-document"],
        ['{"tok":"x"}', "invalid-document"],
        ['{"token":"a\\nb"}', "invalid-document"],
        ["[]", "invalid-document"],
        ["null", "invalid-document"],
        [`{"token":"${"x".repeat(200_000)}"}`, "too-large"],
      ] as const
    ) {
      const { app } = fake({ [get]: challenge(bearer), [realm]: { body } });
      await assert.rejects(app.resolve("v1", { document: true }), (error: Error) => {
        assert.ok(GantryError.is(error, code), String(error));
        assert.doesNotMatch(error.message, /xxx|html/);
        return true;
      });
    }
  });

  it("by POST and by GET stand in for each other where a token server knows only one", async () => {
    const post = "POST https://auth.reg.test/token";
    for (const status of [404, 405]) {
      const forms: string[] = [];
      const onlyPost = fake({
        [get]: guarded(found, "t1"),
        [realm]: { status },
        [post]: ({ body }) => {
          forms.push(new TextDecoder().decode(body));
          return token("t1");
        },
      }, as({ username: "me", password: "a b&c" }));
      await onlyPost.app.resolve("v1", { document: true });
      assert.deepEqual(Object.fromEntries(new URLSearchParams(forms[0])), {
        grant_type: "password",
        username: "me",
        password: "a b&c",
        client_id: "gantry",
        scope: "repository:app:pull",
        service: "reg.test",
      });
      const onlyGet = fake(
        { [get]: guarded(found, "t1"), [post]: { status }, [realm]: token("t1") },
        as({ identityToken: "first" }),
      );
      await onlyGet.app.resolve("v1", { document: true });
      assert.deepEqual(onlyGet.calls(), [get, post, realm, get]);
      // An identity token is no password.
      assert.deepEqual(onlyGet.authorizations(), [null, null, null, "Bearer t1"]);
      const neither = fake({ [get]: challenge(bearer), [realm]: { status } });
      await assert.rejects(neither.app.resolve("v1", { document: true }), (error) => GantryError.is(error));
      assert.deepEqual(neither.calls(), [get, realm]);
    }
  });

  it("for several scopes that are refused ask for the first one alone, which is the one that was missing", async () => {
    const wide =
      "GET https://auth.reg.test/token?service=reg.test&scope=repository%3Abase%3Apull&scope=repository%3Aapp%3Apull";
    const narrow = "GET https://auth.reg.test/token?service=reg.test&scope=repository%3Abase%3Apull";
    const missing = bearer.replace("repository:app:pull", "repository:base:pull");
    for (const status of [400, 401, 403]) {
      const { app, calls } = fake({
        [get]: [challenge(missing), found],
        [wide]: { status },
        [narrow]: token("t1"),
      }, as(me));
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), [get, wide, narrow, get]);
    }
  });

  it("put first what a token server has passed over", async () => {
    // It reads no scope but the first, as some do: https://github.com/estesp/manifest-tool/issues/53
    const granted: string[] = [];
    const grant = ({ url }: Seen) => {
      granted.push(new URL(url).searchParams.get("scope")!);
      return token(granted.at(-1)!.replaceAll(":", "-"));
    };
    const scopes = ["repository:app:pull,push", "repository:base:pull"];
    const query = (list: string[]) => list.map((scope) => `&scope=${encodeURIComponent(scope)}`).join("");
    const mount = "POST /v2/app/blobs/uploads/?mount=" + digest + "&from=base";
    const want = (scope: string) => challenge(bearer.replace("repository:app:pull", scope));
    const { app } = fake({
      [`HEAD /v2/app/blobs/${digest}`]: { status: 404 },
      [mount]: ({ headers }) => {
        const held = headers.get("authorization");
        if (held === null) return want(scopes[0]!);
        return held === "Bearer repository-base-pull" ? { status: 201 } : want(scopes[1]!);
      },
      [`GET https://auth.reg.test/token?service=reg.test${query(scopes)}`]: grant,
      [`GET https://auth.reg.test/token?service=reg.test${query([...scopes].reverse())}`]: grant,
    });
    const origins = list({ registry: "reg.test", repository: "base" });
    const { how } = await app.write(small(), { origins });
    assert.equal(how, "mounted");
    assert.deepEqual(granted, scopes);
  });

  it("tell what the credentials do not allow", async () => {
    const { app } = fake({ [get]: challenge(bearer), [realm]: token("t1") }, as(me));
    await rejects(
      app.resolve("v1", { document: true }),
      "unauthorized",
      /log in \(these credentials do not allow repository:app:pull\)$/,
    );
  });

  it("take access_token before token", async () => {
    const { app } = fake({ [get]: guarded(found, "b"), [realm]: token("a", { access_token: "b" }) });
    await app.resolve("v1", { document: true });
  });

  it("are made once for all who wait, and again after a failure", async () => {
    let fetched = 0;
    const { app } = fake({
      [get]: guarded(found, "t1"),
      [realm]: async () => {
        await Promise.resolve();
        return fetched++ ? token("t1") : { status: 400, body: "{}" };
      },
    });
    const failing = await Promise.allSettled([1, 2, 3].map(() => app.resolve("v1", { document: true })));
    assert.ok(failing.some(({ status }) => status === "rejected"));
    const before = fetched;
    await app.resolve("v1", { document: true });
    await Promise.all([1, 2, 3].map(() => app.resolve("v1", { document: true })));
    assert.ok(fetched <= before + 1);
  });
});
