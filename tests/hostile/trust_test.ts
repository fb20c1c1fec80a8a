/** Where credentials and requests go, and where they never go. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { fetchTransport, type RegistryOptions } from "../../src/registry/mod.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import type { RawRequest } from "./raw_server.ts";
import { type Answer, as, blobOf, me, ranged, read, type Script, scripted } from "./scripted.ts";

const { bytes, digest, size, get } = await blobOf(100);
const manifest = "GET /v2/app/manifests/v1";
const found: Answer = {
  headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
  body: '{"schemaVersion":2,"manifests":[]}',
};
const refuse = (challenge: string): Answer => ({ status: 401, headers: { "www-authenticate": challenge } });
const to = (location: string, status = 307): Answer => ({ status, headers: { location } });
const secret = `Basic ${btoa("me:secret")}`;
const guarded = (answer: Answer) => ({ headers }: RawRequest) =>
  headers["authorization"] ? answer : refuse("Basic");
/** Credentials for this registry alone. */
const only: RegistryOptions = {
  credentials: ({ registry }) => Promise.resolve(registry === "reg.test" ? me : undefined),
};

describe("credentials, over a socket,", () => {
  it("do not follow a redirect to another host, not even below the registry's own name (A28, A29, H1)", async () => {
    const elsewhere = [
      "https://cdn.test/x?sig=%2B+",
      "https://cdn.reg.test/x",
      "https://reg.test:8443/x",
      "//cdn.test/x",
    ];
    for (const location of elsewhere) {
      const there = `GET ${new URL(location, "https://reg.test").href}`;
      await scripted({ [get]: guarded(to(location)), [there]: { body: bytes } }, async (registry) => {
        assert.deepEqual(await read(registry.app, { digest, size }), bytes);
        assert.deepEqual(registry.authorizations(), [undefined, secret, undefined]);
      }, only);
    }
    await scripted({ [get]: guarded(to("/here?x")), "GET /here?x": { body: bytes } }, async (registry) => {
      assert.deepEqual(await read(registry.app, { digest, size }), bytes);
      assert.deepEqual(registry.authorizations(), [undefined, secret, secret]);
    }, only);
  });

  it("are not sent again where a redirect leads back (A30)", async () => {
    const script: Script = {
      [get]: guarded(to("https://cdn.test/x")),
      "GET https://cdn.test/x": to("https://reg.test/back"),
      "GET /back": { body: bytes },
    };
    await scripted(script, async (registry) => {
      await read(registry.app, { digest, size });
      assert.equal(registry.authorizations().at(-1), undefined);
    }, only);
  });

  it("are kept by us, whatever a runtime does with redirects (A31)", async () => {
    // The runtime is never asked to follow one.
    const modes: unknown[] = [];
    const transport = fetchTransport((url, init) => {
      modes.push(init.redirect);
      return fetch(url, init);
    });
    await scripted({}, async ({ open }) => {
      await rejects(open("127.0.0.1:1/app").open({ digest }), "unavailable");
    }, { transport, retry: { retries: 0 } });
    assert.deepEqual([...new Set(modes)], ["manual"]);
  });

  it("of another host are asked for where a redirect leads to a challenge (A32)", async () => {
    const there = "GET https://cdn.test/x";
    const logins: Record<string, string> = { "reg.test": "one", "cdn.test": "two" };
    const script: Script = { [get]: guarded(to("https://cdn.test/x")), [there]: guarded({ body: bytes }) };
    await scripted(script, async (registry) => {
      await read(registry.app, { digest, size });
      assert.deepEqual(registry.authorizations().filter(Boolean), [
        `Basic ${btoa("me:one")}`,
        `Basic ${btoa("me:two")}`,
      ]);
    }, { credentials: ({ registry }) => Promise.resolve({ username: "me", password: logins[registry]! }) });
    await scripted(script, async (registry) => {
      await rejects(read(registry.app, { digest, size }), "unauthorized", /no credentials for cdn\.test/);
    }, only);
  });

  it("reach no token server of strangers, unless it is trusted (A33)", async () => {
    const token = "GET https://evil.test/t?scope=repository%3Aapp%3Apull";
    const script = (): Script => ({
      [manifest]: [refuse('Bearer realm="https://evil.test/t"'), found],
      [token]: { body: '{"token":"t"}' },
    });
    await scripted(script(), async (registry) => {
      await registry.app.resolve("v1", { document: true });
      assert.equal(registry.authorizations()[1], undefined);
    }, as(me));
    await scripted(script(), async (registry) => {
      await registry.app.resolve("v1", { document: true });
      assert.equal(registry.authorizations()[1], secret);
    }, { ...as(me), trustedRealms: ["evil.test"] });
  });

  it("reach no token server inside the network, nor one without TLS (A34, A35)", async () => {
    const realms = [
      "http://auth.reg.test/t",
      "https://127.0.0.1/t",
      "https://localhost/t",
      "https://10.1.2.3/t",
      "https://192.168.0.1/t",
      "https://[::1]:8080/t",
      "https://[::ffff:127.0.0.1]/t",
      "https://169.254.169.254/latest/meta-data",
      "https://2130706433/t",
      "https://0x7f.1/t",
      "file:///etc/passwd",
      "data:application/json,{}",
    ];
    for (const realm of realms) {
      await scripted({ [manifest]: refuse(`Bearer realm="${realm}"`) }, async (registry) => {
        await rejects(registry.app.resolve("v1", { document: true }), "denied");
        assert.equal(registry.requests.length, 1);
      }, as(me));
    }
    for (const location of ["http://reg.test/t2", "https://127.0.0.1/t2", "https://evil.test/t2"]) {
      const script: Script = {
        [manifest]: refuse('Bearer realm="/t"'),
        "GET /t?scope=repository%3Aapp%3Apull": to(location),
      };
      await scripted(script, async (registry) => {
        await rejects(registry.app.resolve("v1", { document: true }), "denied");
        assert.equal(registry.requests.length, 2);
      }, as(me));
    }
  });

  it("stand in no message (A46)", async () => {
    const said =
      `{"errors":[{"code":"DENIED","message":"${secret} is bad, see https://a:b@x.test/?sig=s1gned"}]}`;
    const failures: Answer[] = [
      { status: 403, body: said },
      { status: 500, body: "token=s1gned" },
      to("ftp://u:s1gned@cdn.test/x?sig=s1gned"),
    ];
    for (const failure of failures) {
      await scripted({ [manifest]: guarded(failure) }, async ({ app }) => {
        await assert.rejects(app.resolve("v1", { document: true }), (error: Error) => {
          for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
            assert.doesNotMatch(cause.message, /s1gned|bWU6c2VjcmV0|a:b@|secret/);
          }
          return GantryError.is(error);
        });
      }, as(me));
    }
  });

  it("in addresses that a registry gives are dropped (A47, H8)", async () => {
    const script: Script = {
      [manifest]: [refuse('Bearer realm="https://u:p@reg.test/t"'), found],
      "GET /t?scope=repository%3Aapp%3Apull": { body: '{"token":"t"}' },
      [get]: to("https://u:p@cdn.test/x"),
      "GET https://cdn.test/x": { body: bytes },
      "POST /v2/app/blobs/uploads/": { status: 202, headers: { location: "https://u:p@reg.test/u" } },
      [`HEAD /v2/app/blobs/${digest}`]: { status: 404 },
      [`PUT /u?digest=${encodeURIComponent(digest)}`]: { status: 201 },
    };
    await scripted(script, async ({ app, authorizations }) => {
      await read(app, { digest, size });
      await app.write(plainContent(bytes, { digest }));
      await app.resolve("v1", { document: true });
      assert.ok(!authorizations().some((header) => header?.startsWith("Basic")));
    });
  });

  it("take the forms that vendors want (A48)", async () => {
    const names = [
      "AWS",
      "oauth2accesstoken",
      "_json_key",
      "acme+robot",
      "robot$ci",
      "00000000-0000-0000-0000-000000000000",
    ];
    for (const username of names) {
      const header = `Basic ${btoa(`${username}:p:w=`)}`;
      const script: Script = {
        [manifest]: ({ headers }) => headers["authorization"] === header ? found : refuse('Basic realm="x"'),
      };
      await scripted(
        script,
        async ({ app }) => void await app.resolve("v1", { document: true }),
        as({
          username,
          password: "p:w=",
        }),
      );
    }
    // GitLab's token server is another host of its domain; Nexus asks now for one, now for the other.
    const script: Script = {
      [manifest]: [
        refuse('Bearer realm="https://gitlab.reg.test/jwt/auth",service="container_registry"'),
        found,
        refuse("Basic"),
        found,
      ],
      "GET https://gitlab.reg.test/jwt/auth?service=container_registry&scope=repository%3Aapp%3Apull": {
        body: '{"token":"t"}',
      },
    };
    await scripted(script, async ({ app, open, authorizations }) => {
      await app.resolve("v1", { document: true });
      await open("reg.test/app").resolve("v1", { document: true });
      assert.deepEqual(authorizations(), [undefined, secret, "Bearer t", "Bearer t", secret]);
    }, as(me));
  });
});

describe("redirects, over a socket,", () => {
  it("have every status and form of address, and an end (B14)", async () => {
    const forms: [number, string, string][] = [
      [301, "../x?y=1", "GET /v2/app/x?y=1"],
      [302, "/x", "GET /x"],
      [303, "//cdn.test/x", "GET https://cdn.test/x"],
      [307, "?y", `${get}?y`],
      [308, "https://cdn.test/x", "GET https://cdn.test/x"],
    ];
    for (const [status, location, there] of forms) {
      await scripted({ [get]: to(location, status), [there]: { body: bytes } }, async ({ app }) => {
        assert.deepEqual(await read(app, { digest, size }), bytes);
      });
    }
    await scripted({ [get]: to(get.slice(4)) }, async ({ app, requests }) => {
      await rejects(read(app, { digest, size }), "too-large", /more than 10 redirects/);
      assert.equal(requests.length, 11);
    });
  });

  it("lead neither inside the network nor to plain HTTP (B14)", async () => {
    for (
      const location of [
        "http://cdn.test/x",
        "https://127.0.0.1/x",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
      ]
    ) {
      await scripted({ [get]: to(location) }, async ({ app, requests }) => {
        await rejects(read(app, { digest, size }), "denied");
        assert.equal(requests.length, 1);
      });
    }
    await scripted(
      { [get]: to("https://10.0.0.1/x"), "GET https://10.0.0.1/x": { body: bytes } },
      async ({ app }) => {
        assert.deepEqual(await read(app, { digest, size }), bytes);
      },
      { trustedHosts: ["10.0.0.1"] },
    );
  });

  it("to the same host with its port spelt out stay there (B44)", async () => {
    const script: Script = {
      [get]: guarded(to("https://reg.test:443/x")),
      "GET /x": guarded({ body: bytes }),
    };
    await scripted(script, async ({ app }) => void await read(app, { digest, size }), only);
    await scripted(
      { "GET /v2/app/tags/list?n=1000": guarded({ body: '{"tags":["v1"]}' }) },
      async ({ open }) => {
        for await (const name of open("reg.test:443/app").names()) assert.equal(name, "v1");
      },
      as(me),
    );
  });

  it("that storage refuses by now are asked for anew at the registry (B15)", async () => {
    const script: Script = {
      [get]: [to("https://cdn.test/x?n=1"), to("https://cdn.test/x?n=2"), to("https://cdn.test/x?n=3")],
      "GET https://cdn.test/x?n=1": {
        headers: { "content-length": "100" },
        body: bytes.slice(0, 60),
        then: "reset",
      },
      "GET https://cdn.test/x?n=2": { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" },
      "GET https://cdn.test/x?n=3": (request) => ranged(request, bytes),
    };
    await scripted(script, async ({ app, calls }) => {
      assert.deepEqual(await read(app, { digest, size }), bytes);
      assert.equal(calls().filter((call) => call === get).length, 3);
    });
  });
});
