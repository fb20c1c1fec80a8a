/** Logging in at registries as they are. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import type { RegistryOptions } from "../../src/registry/mod.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import type { RawRequest } from "./raw_server.ts";
import { type Answer, as, blobOf, me, type Script, type Scripted, scripted } from "./scripted.ts";

const manifest = "GET /v2/app/manifests/v1";
const found: Answer = {
  headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
  body: '{"schemaVersion":2,"manifests":[]}',
};
const refuse = (challenge: string | string[], status = 401): Answer => ({
  status,
  headers: { "www-authenticate": challenge },
});
const bearer = 'Bearer realm="https://reg.test/t",service="s",scope="repository:app:pull"';
const tokenAt = "GET /t?service=s&scope=repository%3Aapp%3Apull";
const granted: Answer = { body: '{"token":"t1"}' };
const resolve = ({ app }: Scripted) => app.resolve("v1", { document: true });
const basic = `Basic ${btoa("me:secret")}`;
/** Answers whoever comes with this header, and refuses all others. */
const guarded = (answer: Answer, header: string, challenge: string | string[]) => ({ headers }: RawRequest) =>
  headers["authorization"] === header ? answer : refuse(challenge);

/** Resolves a tag where the first request is challenged so, and tells which requests followed. */
async function answersTo(
  challenge: string | string[],
  script: Script,
  options: RegistryOptions = {},
): Promise<string[]> {
  let calls: string[] = [];
  await scripted({ [manifest]: [refuse(challenge), found], ...script }, async (registry) => {
    await resolve(registry);
    calls = registry.calls();
  }, options);
  return calls.slice(1, -1);
}

describe("challenges, over a socket,", () => {
  it("have commas inside quotes (A1)", async () => {
    const challenge = 'Bearer realm="https://reg.test/t,x",service="a,b",scope="repository:a/b:pull,push"';
    const call =
      "GET /t,x?service=a%2Cb&scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Aapp%3Apull";
    assert.deepEqual(await answersTo(challenge, { [call]: granted }), [call]);
  });

  it("come several in one header and in several headers (A2)", async () => {
    const many = ["Negotiate", `Digest qop="auth, auth-int", Basic realm="x", ${bearer}`, 'Basic realm="y"'];
    assert.deepEqual(await answersTo(many, { [tokenAt]: granted }), [tokenAt]);
    await scripted(
      { [manifest]: guarded(found, basic, ["Negotiate", 'Basic realm="x, y"']) },
      async (registry) => {
        await resolve(registry);
      },
      as(me),
    );
  });

  it("are written in any case (A3)", async () => {
    const loud = bearer.replace("Bearer realm", "BEARER Realm").replace("service", "SERVICE");
    assert.deepEqual(await answersTo(loud, { [tokenAt]: granted }), [tokenAt]);
    await scripted(
      { [manifest]: guarded(found, basic, 'BASIC realm="Sonatype Nexus"') },
      async (registry) => {
        await resolve(registry);
      },
      as(me),
    );
  });

  it("have values without quotes, with escapes, empty, or without an end (A4)", async () => {
    const bare = "Bearer realm=https://reg.test/t,service=s";
    assert.deepEqual(await answersTo(bare, { [tokenAt]: granted }), [tokenAt]);
    const escaped = 'Bearer realm="https://reg.test/t",service="\\s",scope=""';
    assert.deepEqual(await answersTo(escaped, { [tokenAt]: granted }), [tokenAt]);
    await scripted(
      { [manifest]: refuse('Bearer realm="https://reg.test/t'), "GET /v2/": {} },
      async (registry) => {
        await assert.rejects(resolve(registry), (error) => GantryError.is(error));
      },
    );
  });

  it("are sent only by /v2/ (A5)", async () => {
    await scripted({
      [manifest]: ({ headers }) => headers["authorization"] ? found : { status: 401 },
      "GET /v2/": refuse(bearer),
      [tokenAt]: granted,
    }, async (registry) => {
      await resolve(registry);
      assert.deepEqual(registry.calls(), [manifest, "GET /v2/", tokenAt, manifest]);
    });
    await scripted({ [manifest]: { status: 401 }, "GET /v2/": {} }, async (registry) => {
      await rejects(resolve(registry), "unauthorized");
      assert.equal(registry.requests.length, 2);
    });
  });

  it("come late, after all that went before was answered to anybody (A6)", async () => {
    const { bytes, digest } = await blobOf(10);
    await scripted({
      [manifest]: found,
      [`HEAD /v2/app/blobs/${digest}`]: { status: 404 },
      "POST /v2/app/blobs/uploads/": guarded({ status: 202, headers: { location: "/u" } }, basic, "Basic"),
      [`PUT /u?digest=${encodeURIComponent(digest)}`]: guarded({ status: 201 }, basic, "Basic"),
    }, async (registry) => {
      await resolve(registry);
      await registry.app.write(plainContent(bytes, { digest }));
    }, as(me));
  });

  it("name neither scope nor service (A7)", async () => {
    const call = "GET /t?scope=repository%3Aapp%3Apull";
    assert.deepEqual(await answersTo('Bearer realm="https://reg.test/t"', { [call]: granted }), [call]);
  });

  it("have a relative realm, or one with a query (A8, A9)", async () => {
    const call = "GET /t?scope=repository%3Aapp%3Apull";
    assert.deepEqual(await answersTo('Bearer realm="/t"', { [call]: granted }), [call]);
    const query = "GET /t?x=%20+1&scope=repository%3Aapp%3Apull";
    assert.deepEqual(await answersTo('Bearer realm="/t?x=%20+1"', { [query]: granted }), [query]);
  });
});

describe("token servers, over a socket,", () => {
  const grants = (body: string, work: (registry: Scripted) => Promise<void>) =>
    scripted({ [manifest]: guarded(found, "Bearer t1", bearer), [tokenAt]: { body } }, work);

  it("say token, access_token, both or neither (A10)", async () => {
    for (const body of ['{"token":"t1"}', '{"access_token":"t1"}', '{"token":"x","access_token":"t1"}']) {
      await grants(body, async (registry) => void await resolve(registry));
    }
    await grants('{"error":"s3cret"}', async (registry) => {
      await assert.rejects(resolve(registry), (error: Error) => {
        assert.match(error.message, /log in to reg\.test at reg\.test\/t: there is no token/);
        assert.doesNotMatch(error.message, /s3cret/);
        return GantryError.is(error, "invalid-document");
      });
    });
  });

  it("say little or nonsense of how long a token holds (A11, A12)", async () => {
    const lifetimes = ["", ',"expires_in":0', ',"expires_in":-1', ',"expires_in":"60"', ',"expires_in":5'];
    for (const issued of ["", ',"issued_at":"2199-01-01T00:00:00Z"', ',"issued_at":"nonsense"']) {
      for (const lifetime of lifetimes) {
        await grants(`{"token":"t1"${lifetime}${issued}}`, async (registry) => {
          await resolve(registry);
          registry.clock.now += 54_000;
          await resolve(registry);
          assert.equal(registry.calls().filter((call) => call === tokenAt).length, 1);
          registry.clock.now += 2000;
          await resolve(registry);
          assert.equal(registry.calls().filter((call) => call === tokenAt).length, 2);
        });
      }
    }
  });

  it("answer with a web page, or without end (A13)", async () => {
    const page = "<html>log in</html>";
    await grants(page, (registry) => rejects(resolve(registry), "invalid-document", /not JSON$/));
    const script: Script = {
      [manifest]: refuse(bearer),
      [tokenAt]: { headers: { "content-length": null }, body: "x".repeat(1 << 20), then: "silence" },
    };
    await scripted(script, (registry) => rejects(resolve(registry), "too-large"));
  });

  it("know only POST, or only GET (A14)", async () => {
    for (const status of [404, 405]) {
      const onlyPost = { [tokenAt]: { status }, "POST /t": granted };
      assert.deepEqual(await answersTo(bearer, onlyPost, as(me)), [tokenAt, "POST /t"]);
      const onlyGet = { "POST /t": { status }, [tokenAt]: granted };
      assert.deepEqual(await answersTo(bearer, onlyGet, as({ identityToken: "i" })), ["POST /t", tokenAt]);
    }
  });

  it("refuse several scopes together, and then want them one by one, what is missing first (A15)", async () => {
    const challenge = bearer.replace("app:pull", "base:pull");
    const both = "GET /t?service=s&scope=repository%3Abase%3Apull&scope=repository%3Aapp%3Apull";
    const one = "GET /t?service=s&scope=repository%3Abase%3Apull";
    const script = { [both]: { status: 403 }, [one]: granted };
    assert.deepEqual(await answersTo(challenge, script, as(me)), [both, one]);
  });

  it("exchange identity tokens, which are no passwords (A16)", async () => {
    const forms: URLSearchParams[] = [];
    const script: Script = {
      [manifest]: ({ headers }) => headers["authorization"] ? found : refuse(bearer),
      "POST /t": ({ body }) => {
        forms.push(new URLSearchParams(new TextDecoder().decode(body)));
        return { body: '{"access_token":"t1","refresh_token":"second","expires_in":60}' };
      },
    };
    await scripted(script, async (registry) => {
      await resolve(registry);
      registry.clock.now += 60_000;
      await resolve(registry);
      assert.deepEqual(forms.map((form) => form.get("refresh_token")), ["first", "second"]);
      assert.ok(!registry.authorizations().some((header) => header?.startsWith("Basic")));
    }, as({ identityToken: "first" }));
  });

  it("are not asked for tokens that outlive the session (A17)", async () => {
    await scripted({ [manifest]: [refuse(bearer), found], [tokenAt]: granted }, async (registry) => {
      await resolve(registry);
      assert.ok(!registry.requests.some(({ path }) => /offline|account/.test(path)));
    }, as(me));
  });

  it("are not asked where there is a token already (A18)", async () => {
    await scripted({ [manifest]: guarded(found, "Bearer raw", bearer) }, async (registry) => {
      await resolve(registry);
      assert.deepEqual(registry.calls(), [manifest, manifest]);
    }, as({ registryToken: "raw" }));
  });
});

describe("tokens, over a socket,", () => {
  it("that are invalid are replaced once, whichever status says so (A19, A20)", async () => {
    for (const status of [401, 400, 403]) {
      const invalid = status === 401 ? refuse(`${bearer},error="invalid_token"`) : { status };
      const script: Script = { [manifest]: [refuse(bearer), found, invalid, found], [tokenAt]: granted };
      await scripted(script, async (registry) => {
        await resolve(registry);
        await resolve(registry);
        assert.deepEqual(registry.calls(), [manifest, tokenAt, manifest, manifest, tokenAt, manifest]);
      });
    }
    await scripted({ [manifest]: refuse(bearer), [tokenAt]: granted }, async (registry) => {
      await rejects(resolve(registry), "unauthorized");
      assert.equal(registry.requests.length, 3);
    });
  });

  it("that do not reach far enough are fetched for more (A21)", async () => {
    const more = `${bearer.replace("app:pull", "base:pull")},error="insufficient_scope"`;
    const wide = "GET /t?service=s&scope=repository%3Abase%3Apull&scope=repository%3Aapp%3Apull";
    for (const status of [401, 403]) {
      const script: Script = {
        [manifest]: [refuse(bearer), refuse(more, status), found],
        [tokenAt]: granted,
        [wide]: { body: '{"token":"t2"}' },
      };
      await scripted(script, async (registry) => {
        await resolve(registry);
        assert.deepEqual(registry.calls(), [manifest, tokenAt, manifest, wide, manifest]);
      });
    }
  });

  it("that allow less than was asked for are an error that says what (A22)", async () => {
    await scripted({ [manifest]: refuse(bearer), [tokenAt]: granted }, async (registry) => {
      await rejects(resolve(registry), "unauthorized", /these credentials do not allow repository:app:pull/);
      assert.equal(registry.requests.length, 3);
    }, as(me));
  });

  it("for a mount are about both repositories, and a refusal only costs the mount (A23)", async () => {
    const { bytes, digest } = await blobOf(10);
    const both = "GET /t?service=s&scope=repository%3Aapp%3Apull%2Cpush&scope=repository%3Abase%3Apull";
    const push = "GET /t?service=s&scope=repository%3Aapp%3Apull%2Cpush";
    const mount = `POST /v2/app/blobs/uploads/?mount=${digest}&from=base`;
    const challenge = bearer.replace("pull", "pull,push");
    for (const reply of [granted, { status: 401 }, { status: 500 }]) {
      const script: Script = {
        [`HEAD /v2/app/blobs/${digest}`]: { status: 404 },
        [mount]: [refuse(challenge), { status: 201 }],
        [both]: reply,
        [push]: reply.status === 401 ? [{ status: 401 }, granted] : granted,
        "POST /v2/app/blobs/uploads/": { status: 202, headers: { location: "/u" } },
        [`PUT /u?digest=${encodeURIComponent(digest)}`]: { status: 201 },
      };
      await scripted(script, async ({ app, calls }) => {
        const origins = async function* () {
          yield { registry: "reg.test", repository: "base" };
        };
        const { how } = await app.write(plainContent(bytes, { digest }), { origins: origins() });
        assert.ok(calls().includes(both));
        assert.equal(how, reply === granted ? "mounted" : "written");
      }, as(me));
    }
  });

  it("for deleting have another name at Quay (A24)", async () => {
    const { digest } = await blobOf(3);
    const remove = `DELETE /v2/app/blobs/${digest}`;
    const script: Script = {
      [remove]: guarded({ status: 202 }, "Bearer all", 'Bearer realm="/t"'),
      "GET /t?scope=repository%3Aapp%3Adelete%2Cpull": { body: '{"token":"little"}' },
      "GET /t?scope=repository%3Aapp%3A*": { body: '{"token":"all"}' },
    };
    await scripted(script, async ({ app }) => await app.delete({ digest }, { role: "blob" }));
  });

  it("are fetched once for all who wait (A25)", async () => {
    const script: Script = { [manifest]: guarded(found, "Bearer t1", bearer), [tokenAt]: granted };
    await scripted(script, async (registry) => {
      await Promise.all([1, 2, 3, 4, 5].map(() => resolve(registry)));
      assert.equal(registry.calls().filter((call) => call === tokenAt).length, 1);
    });
  });

  it("of one repository, or one user, are not sent for another (A26)", async () => {
    const other = manifest.replace("app", "other");
    const script: Script = {
      [manifest]: guarded(found, "Bearer t1", bearer),
      [other]: guarded(found, "Bearer t2", bearer.replace(":app:", ":other:")),
      [tokenAt]: guarded(granted, `Basic ${btoa("user of app:x")}`, "Basic"),
      [tokenAt.replace("app", "other")]: guarded(
        { body: '{"token":"t2"}' },
        `Basic ${btoa("user of other:x")}`,
        "Basic",
      ),
    };
    await scripted(script, async (registry) => {
      await resolve(registry);
      await registry.open("reg.test/other").resolve("v1", { document: true });
      await resolve(registry);
      const tokens = registry.authorizations().filter((header) => header?.startsWith("Bearer"));
      assert.deepEqual(tokens, ["Bearer t1", "Bearer t2", "Bearer t1"]);
    }, {
      credentials: ({ repository }) => Promise.resolve({ username: `user of ${repository}`, password: "x" }),
    });
  });

  it("are to be had by anybody, who then sends no empty password (A27)", async () => {
    const anonymous: RegistryOptions[] = [{}, as({ username: "", password: "" })];
    for (const options of anonymous) {
      await scripted({ [manifest]: [refuse(bearer), found], [tokenAt]: granted }, async (registry) => {
        await resolve(registry);
        assert.deepEqual(registry.authorizations(), [undefined, undefined, "Bearer t1"]);
      }, options);
    }
    await scripted({ [manifest]: [refuse(bearer), found], [tokenAt]: granted }, async (registry) => {
      await resolve(registry);
      assert.equal(registry.authorizations()[1], `Basic ${btoa(":token")}`);
    }, as({ username: "", password: "token" }));
  });

  it("that end in the middle of an upload are replaced where the bytes can be sent again", async () => {
    const { bytes, digest, size } = await blobOf((16 << 20) + 5);
    const push = "GET /t?service=s&scope=repository%3Aapp%3Apull%2Cpush";
    let grant = 0;
    const valid = ({ headers }: RawRequest, from: number) =>
      Number(headers["authorization"]?.slice(-1)) >= from;
    const challenge = bearer.replace("pull", "pull,push");
    const script: Script = {
      [`HEAD /v2/app/blobs/${digest}`]: (request) => valid(request, 1) ? { status: 404 } : refuse(challenge),
      "POST /v2/app/blobs/uploads/": { status: 202, headers: { location: "/u" } },
      "PATCH /u": (request) => valid(request, 2) ? { status: 202 } : refuse(challenge),
      [`PUT /u?digest=${encodeURIComponent(digest)}`]: (request) =>
        valid(request, 3) ? { status: 201 } : refuse(challenge),
      [push]: () => ({ body: `{"token":"t${++grant}","expires_in":300}` }),
      "DELETE /u": { status: 204 },
    };
    await scripted(script, async ({ app, requests, calls }) => {
      await app.write(plainContent(bytes, { digest, size }));
      assert.equal(requests.findLast(({ method }) => method === "PATCH")!.body.byteLength, size);
      assert.deepEqual(calls().filter((call) => call === push).length, 3);
    }, { ...as(me), timeouts: { response: 20_000, idle: 20_000 } });
  });
});
