import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { as, challenge, me } from "./auth_replies.ts";
import { fake, type Reply, type Seen } from "./fake.ts";

describe("redirects", () => {
  const blob = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" as const;
  const at = `GET /v2/app/blobs/${blob}`;
  const to = (location: string): Reply => ({ status: 307, headers: { location } });
  const logged = ({ headers }: Seen, reply: Reply): Reply =>
    headers.has("authorization") ? reply : challenge("Basic");

  it("to another origin carry no credentials: neither host, nor subdomain, nor port, nor back again", async () => {
    for (
      const elsewhere of ["https://cdn.test/x?sig=1", "https://cdn.reg.test/x", "https://reg.test:444/x"]
    ) {
      const { app, seen } = fake({
        [at]: (request) => logged(request, to(elsewhere)),
        [`GET ${elsewhere}`]: to("https://reg.test/back"),
        "GET /back": { body: "hello" },
        [`GET ${elsewhere}`.replace("https://reg.test", "")]: to("https://reg.test/back"),
      }, as(me));
      assert.equal(await new Response(await app.open({ digest: blob })).text(), "hello");
      assert.deepEqual(seen.map(({ headers }) => headers.has("authorization")), [false, true, false, false]);
    }
  });

  it("within the origin keep them, however the port is written", async () => {
    const { app, seen } = fake({
      [at]: (request) => logged(request, to("https://reg.test:443/there")),
      "GET /there": { body: "hello" },
    }, as(me));
    await app.open({ digest: blob });
    assert.deepEqual(seen.map(({ headers }) => headers.has("authorization")), [false, true, true]);
  });

  it("are followed for a while only", async () => {
    const { app, seen } = fake({ [at]: to("/a"), "GET /a": to("/b"), "GET /b": to("/a") });
    await rejects(app.open({ digest: blob }), "too-large", /more than 10 redirects/);
    assert.equal(seen.length, 11);
  });

  it("to plain HTTP or into the network are refused", async () => {
    for (
      const location of ["http://reg.test/x", "https://10.0.0.1/x", "https://localhost/x", "ftp://reg.test/x"]
    ) {
      const { app } = fake({ [at]: to(location) });
      await rejects(
        app.open({ digest: blob }),
        "denied",
        /^read reg\.test\/app@sha256:\S+: reg\.test leads to/,
      );
    }
    const { app } = fake({ [at]: to("https://10.0.0.1/x"), "GET https://10.0.0.1/x": { body: "hello" } }, {
      trustedHosts: ["10.0.0.1"],
    });
    await app.open({ digest: blob });
  });

  it("of writes are followed only where they keep the method", async () => {
    for (const status of [301, 302, 303]) {
      const { app } = fake({ "POST /v2/app/blobs/uploads/": { status, headers: { location: "/x" } } });
      await assert.rejects(
        app.write(plainContent(new TextEncoder().encode("hello"))),
        (error) => GantryError.is(error),
      );
    }
  });
});
