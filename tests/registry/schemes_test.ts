import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rejects } from "../../src/testing/errors.ts";
import { challenge, found, get, me } from "./auth_replies.ts";
import { fake } from "./fake.ts";

describe("schemes", () => {
  const refused = { fails: new TypeError("fetch failed") };
  const path = "/v2/app/manifests/v1";

  it("of this machine are HTTPS, or else HTTP, and remembered", async () => {
    const { open, calls } = fake({
      [`GET https://localhost:5000${path}`]: refused,
      [`GET http://localhost:5000${path}`]: found,
    });
    const app = open("localhost:5000/app");
    await app.resolve("v1", { document: true });
    await app.resolve("v1", { document: true });
    assert.deepEqual(calls().map((call) => call.slice(4, 9)), ["https", "http:", "http:"]);
  });

  it("of others are HTTPS, unless told", async () => {
    const script = {
      [`GET https://reg.test${path}`]: refused,
      [get]: refused,
      [`GET http://reg.test${path}`]: found,
    };
    const strict = fake(script, { limits: { retries: 0 } });
    await rejects(strict.app.resolve("v1", { document: true }), "unavailable");
    for (const insecure of [true, (host: string) => host === "reg.test"]) {
      const { app, calls } = fake(script, { insecure });
      await app.resolve("v1", { document: true });
      assert.deepEqual(calls(), [get, `GET http://reg.test${path}`]);
    }
    const never = fake({ [`GET https://localhost${path}`]: refused }, {
      insecure: false,
      limits: { retries: 0 },
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
