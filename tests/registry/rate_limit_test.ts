import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registries } from "../../src/registry/mod.ts";

async function ask(headers: Record<string, string>) {
  const asked: string[] = [];
  const found = await registries({
    transport: ({ method, url }) => {
      asked.push(`${method} ${new URL(url).pathname}`);
      return Promise.resolve(new Response(null, { headers }));
    },
  }).rateLimit("registry.test/app");
  assert.deepEqual(asked, ["HEAD /v2/app/manifests/latest"]);
  return found;
}

describe("the rate limit of a registry", () => {
  it("is what the headers of a manifest say", async () => {
    const headers = {
      "ratelimit-limit": "100;w=21600",
      "ratelimit-remaining": "76;w=21600",
      "docker-ratelimit-source": "192.0.2.1",
    };
    assert.deepEqual(await ask(headers), { limit: 100, remaining: 76, window: 21600, source: "192.0.2.1" });
  });

  it("may be told in part, in other words, or not", async () => {
    assert.deepEqual(await ask({}), {
      limit: undefined,
      remaining: undefined,
      window: undefined,
      source: undefined,
    });
    assert.equal((await ask({ "ratelimit-remaining": "5" })).remaining, 5);
    assert.equal((await ask({ "ratelimit-limit": "many" })).limit, undefined);
  });
});
