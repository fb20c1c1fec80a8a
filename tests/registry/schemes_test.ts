import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rejects } from "../../src/testing/errors.ts";
import { challenge, found, get, me } from "./auth_replies.ts";
import { fake } from "./fake.ts";

describe("schemes", () => {
  const refused = { fails: new TypeError("fetch failed") };
  const path = "/v2/app/manifests/v1";

  it("of this machine are HTTP, or else HTTPS, and remembered", async () => {
    const [http, https] = [`GET http://localhost:5000${path}`, `GET https://localhost:5000${path}`];
    const scripts = [
      { [http]: found },
      { [http]: refused, [https]: found },
      { [http]: { status: 400, body: "Client sent an HTTP request to an HTTPS server.\n" }, [https]: found },
    ];
    const asked = [[http, http], [http, https, https], [http, https, https]];
    for (const [i, script] of scripts.entries()) {
      const { open, calls } = fake(script);
      const app = open("localhost:5000/app");
      await app.resolve("v1", { document: true });
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), asked[i]);
    }
  });

  it("of this machine may be HTTP that refuses a request", async () => {
    const { open, calls } = fake({
      [`GET http://localhost:5000${path}`]: { status: 400, body: "no such thing" },
      [`GET https://localhost:5000${path}`]: refused,
    });
    const app = open("localhost:5000/app");
    await rejects(app.resolve("v1", { document: true }), "invalid-document", /400/);
    assert.equal(calls().length, 2);
  });

  it("of others are HTTPS, unless told", async () => {
    const script = {
      [`GET https://reg.test${path}`]: refused,
      [get]: refused,
      [`GET http://reg.test${path}`]: found,
    };
    const strict = fake(script, { retry: { retries: 0 } });
    await rejects(strict.app.resolve("v1", { document: true }), "unavailable");
    for (const insecure of [true, (host: string) => host === "reg.test"]) {
      const { app, calls } = fake(script, { insecure });
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), [get, `GET http://reg.test${path}`]);
    }
    const never = fake({ [`GET https://localhost${path}`]: refused }, {
      insecure: false,
      retry: { retries: 0 },
    });
    await rejects(never.open("localhost/app").resolve("v1", { document: true }), "unavailable");
  });
});

describe("names of registries", () => {
  it("are given to the credentials as the user writes them", async () => {
    const asked: string[] = [];
    const hub = "GET https://registry-1.docker.io/v2/library/alpine/manifests/v1";
    const { open } = fake({
      [hub]: [challenge("Basic"), found],
      "GET https://reg.test/v2/app/manifests/v1": [challenge("Basic"), found],
      [get]: [challenge("Basic"), found],
    }, {
      credentials: ({ registry: host }) => {
        asked.push(host);
        return Promise.resolve(me);
      },
    });
    await open("alpine").resolve("v1", { document: true });
    await open("reg.test:443/app").resolve("v1", { document: true });
    assert.deepEqual(asked, ["docker.io", "reg.test:443"]);
  });
});
