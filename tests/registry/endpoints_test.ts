import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAll, utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/hasher.ts";
import { GantryError } from "../../src/errors.ts";
import type { Endpoint, EndpointsRequest, RegistryOptions } from "../../src/registry/mod.ts";
import { breaking } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { challenge, found, me } from "./auth_replies.ts";
import { fake } from "./fake.ts";

const mirror = "https://mirror.test/v2";
const own = "https://reg.test/v2";
const tag = "/app/manifests/v1";
const refused = { fails: new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }) };
const unknown = { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}' };

/** Options with these endpoints, whatever is asked for. */
const through = (...endpoints: (Endpoint | string)[]): RegistryOptions => ({
  endpoints: () => Promise.resolve(endpoints.map((one) => typeof one === "string" ? { root: one } : one)),
});

describe("mirrors (B40)", () => {
  it("are asked before the registry, which is left in peace where one answers", async () => {
    const { app, calls } = fake({ [`GET ${mirror}${tag}`]: found }, through(mirror, own));
    await app.resolve("v1", { document: true });
    assert.deepEqual(calls(), [`GET ${mirror}${tag}`]);
  });

  it("are passed over for whatever they do not have, refuse or fail at, once each", async () => {
    const { body: _, ...garbled } = found;
    const cases = [
      unknown,
      challenge("Basic"),
      { status: 403 },
      { status: 429, headers: { "retry-after": "30" } },
      { status: 500 },
      refused,
      { ...garbled, body: "no manifest" },
    ];
    for (const reply of cases) {
      const { app, calls, slept } = fake(
        { [`GET ${mirror}${tag}`]: reply, [`GET /v2${tag}`]: found },
        through(mirror, own),
      );
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), [`GET ${mirror}${tag}`, `GET /v2${tag}`], JSON.stringify(reply));
      assert.deepEqual(slept, []);
    }
  });

  it("whose bytes are not what the digest says are passed over", async () => {
    const bytes = utf8(String(found.body));
    const digest = await digestBytes(bytes);
    const { app, calls } = fake({
      [`GET ${mirror}/app/manifests/${digest}`]: { ...found, body: `${found.body} ` },
      [`GET /v2/app/manifests/${digest}`]: found,
    }, through(mirror, own));
    await app.resolve(digest, { document: true });
    assert.equal(calls().length, 2);
  });

  it("that could not be reached are left alone for a minute", async () => {
    const { app, calls, clock } = fake(
      { [`GET ${mirror}${tag}`]: refused, [`GET /v2${tag}`]: found },
      through(mirror, own),
    );
    const resolve = () => app.resolve("v1", { document: true });
    await resolve();
    await resolve();
    assert.equal(calls().length, 3);
    clock.now += 60_000;
    await resolve();
    assert.equal(calls().length, 5);
  });

  it("whose connection breaks in the middle of a blob are left alone too", async () => {
    const bytes = utf8("a blob of some bytes");
    const digest = await digestBytes(bytes);
    const { app, calls } = fake({
      [`GET ${mirror}/app/blobs/${digest}`]: {
        headers: { "content-length": String(bytes.length) },
        body: breaking(bytes, 5),
      },
      [`GET /v2/app/blobs/${digest}`]: ({ headers }) => {
        const from = Number(/\d+/.exec(headers.get("range") ?? "0"));
        const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
        return { status: 206, headers: { "content-range": range }, body: bytes.slice(from) };
      },
    }, through(mirror, own));
    const stream = await app.open({ digest, size: bytes.length }, { role: "blob" });
    assert.deepEqual(await readAll(stream, { limit: 100, what: "blob" }), bytes);
    assert.deepEqual(calls(), [`GET ${mirror}/app/blobs/${digest}`, `GET /v2/app/blobs/${digest}`]);
  });

  it("get what they are good for: tags are resolved, and things written, only where that is allowed", async () => {
    const digest = await digestBytes(utf8(String(found.body)));
    const script = {
      [`GET ${mirror}/app/manifests/${digest}`]: found,
      [`GET /v2${tag}`]: found,
      "GET /v2/app/tags/list?n=1000": { body: '{"tags":["v1"]}' },
      [`DELETE /v2/app/blobs/${digest}`]: { status: 202 },
    };
    const { app, calls } = fake(script, through({ root: mirror, capabilities: ["pull"] }, own));
    await app.resolve("v1", { document: true });
    await app.resolve(digest, { document: true });
    for await (const name of app.names()) assert.equal(name, "v1");
    await app.delete({ digest }, { role: "blob" });
    assert.deepEqual(calls(), [
      `GET /v2${tag}`,
      `GET ${mirror}/app/manifests/${digest}`,
      "GET /v2/app/tags/list?n=1000",
      `DELETE /v2/app/blobs/${digest}`,
    ]);
  });

  it("that take pushes get them alone", async () => {
    const digest = await digestBytes(utf8("x"));
    const to = `${mirror}/app/blobs/${digest}`;
    const { app, calls } = fake({ [`DELETE ${to}`]: { status: 404 } }, through(mirror, own));
    await rejects(app.delete({ digest }, { role: "blob" }), "not-found");
    assert.deepEqual(calls(), [`DELETE ${to}`]);
  });

  it("are asked for credentials of their own", async () => {
    const asked: EndpointsRequest[] = [];
    const { app, authorizations } = fake(
      {
        [`GET ${mirror}${tag}`]: [challenge("Basic"), unknown],
        [`GET /v2${tag}`]: [challenge("Basic"), found],
      },
      {
        ...through(mirror, own),
        credentials: ({ registry, repository }) => {
          asked.push({ registry, repository });
          return Promise.resolve(registry === "reg.test" ? me : undefined);
        },
      },
    );
    await app.resolve("v1", { document: true });
    assert.deepEqual(asked, [
      { registry: "mirror.test", repository: "app" },
      { registry: "reg.test", repository: "app" },
    ]);
    const [first, second, third] = authorizations();
    assert.deepEqual([first, second], [null, null]);
    assert.match(third ?? "", /^Basic /);
  });

  it("are named when the registry does not answer either", async () => {
    const { app } = fake(
      { [`GET ${mirror}${tag}`]: refused, [`GET /v2${tag}`]: unknown },
      through(mirror, own),
    );
    await rejects(
      app.resolve("v1", { document: true }),
      "not-found",
      /^resolve reg\.test\/app:v1: 404 MANIFEST_UNKNOWN: unknown \(mirrors: mirror\.test: no answer from mirror\.test: the connection is refused\)$/,
    );
  });

  it("are not turned to once the caller has stopped", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    const { app, calls } = fake({
      [`GET ${mirror}${tag}`]: () => {
        abort.abort(reason);
        return refused;
      },
    }, through(mirror, own));
    await assert.rejects(app.resolve("v1", { document: true, signal: abort.signal }), reason);
    assert.equal(calls().length, 1);
  });
});

describe("endpoints", () => {
  it("may have a path, headers, and another name for the repository and in its scopes", async () => {
    const root = "https://proxy.test/cache/v2";
    const get = `GET ${root}/hub/app/manifests/v1?ns=reg.test`;
    const bearer = 'Bearer realm="https://proxy.test/token",scope="repository:hub/app:pull"';
    const { app, seen } = fake({
      [get]: [challenge(bearer), found],
      "GET https://proxy.test/token?scope=repository%3Ahub%2Fapp%3Apull": { body: '{"token":"t"}' },
    }, through({ root, repository: "hub/app", namespace: "reg.test", headers: { "x-team": "ours" } }));
    await app.resolve("v1", { document: true });
    assert.equal(seen.length, 3);
    assert.deepEqual(seen.map(({ headers }) => headers.get("x-team")), ["ours", "ours", "ours"]);
  });

  it("with a path that refuse a blob are asked for it once: nothing has signed that address", async () => {
    const root = "https://proxy.test/cache/v2";
    const digest = await digestBytes(utf8("x"));
    const denied = fake({ [`GET ${root}/app/blobs/${digest}`]: { status: 403 } }, through(root));
    await rejects(denied.app.open({ digest }), "denied");
    assert.equal(denied.seen.length, 1);
    const signed = fake({
      [`GET ${root}/app/blobs/${digest}`]: { status: 307, headers: { location: "https://cdn.test/x?sig=1" } },
      "GET https://cdn.test/x?sig=1": [{ status: 403 }, { body: "x" }],
    }, through(root));
    assert.equal(await new Response(await signed.app.open({ digest })).text(), "x");
    assert.equal(signed.seen.length, 4);
  });

  it("without a scheme are spoken to over HTTPS, and over HTTP only where that is told", async () => {
    const [https, http] = [`GET https://mirror.test/v2${tag}`, `GET http://mirror.test/v2${tag}`];
    const script = { [https]: refused, [http]: found };
    const retry = { retries: 0 };
    const strict = fake(script, { ...through("mirror.test/v2"), retry });
    await rejects(strict.app.resolve("v1", { document: true }), "unavailable");
    const lax = fake(script, {
      ...through({ root: "mirror.test/v2", connection: { insecure: true } }),
      retry,
    });
    await lax.app.resolve("v1", { document: true });
    assert.deepEqual(lax.calls(), [https, http]);
  });

  it("that are good for nothing that is wanted are an error that names them", async () => {
    const { app } = fake({}, through({ root: mirror, capabilities: ["pull"] }));
    await rejects(
      app.resolve("v1"),
      "unsupported",
      /^resolve reg\.test\/app:v1: none of the hosts for reg\.test may resolve: mirror\.test$/,
    );
  });

  it("may be refused by who finds them", async () => {
    const { app } = fake({}, { endpoints: () => Promise.reject(new GantryError("denied", "blocked")) });
    await rejects(app.resolve("v1"), "denied", /^blocked$/);
  });

  it("pass on their connections, the certificates of authorities to other hosts too, and nothing else", async () => {
    const given: [string, unknown][] = [];
    const connection = { ca: ["CA"], cert: "CERT", key: "KEY" };
    const { open } = fake({}, {
      ...through({ root: own, connection }),
      transport: ({ url, connection }) => {
        given.push([new URL(url).host, connection]);
        const elsewhere = url.startsWith("https://cdn.test/");
        return Promise.resolve(
          elsewhere
            ? new Response(String(found.body), { headers: found.headers as Record<string, string> })
            : new Response(null, { status: 307, headers: { location: "https://cdn.test/x" } }),
        );
      },
    });
    await open("reg.test/app").resolve("v1", { document: true });
    assert.deepEqual(given, [["reg.test", connection], ["cdn.test", { ca: ["CA"] }]]);
  });
});
