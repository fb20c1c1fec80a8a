import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hosts } from "../../src/registry/hosts.ts";
import { registrySource } from "../../src/registry/mod.ts";
import { found, me } from "./auth_replies.ts";

describe("hosts without mirrors", () => {
  it("go by the names that users have for registries", async () => {
    const [asked, urls]: [string[], string[]] = [[], []];
    const app = registrySource("alpine", {
      credentials: ({ registry }) => (asked.push(registry), Promise.resolve(me)),
      transport: ({ url, headers }) => {
        urls.push(url);
        const { status = 200, body } = headers.has("authorization") ? found : { status: 401, body: "" };
        const more = status === 401 ? { "www-authenticate": "Basic" } : found.headers;
        return Promise.resolve(
          new Response(String(body), { status, headers: more as Record<string, string> }),
        );
      },
    });
    await app.resolve("3.20", { document: true });
    assert.deepEqual(asked, ["docker.io"]);
    assert.deepEqual(urls, Array(2).fill("https://registry-1.docker.io/v2/library/alpine/manifests/3.20"));
  });

  it("are known once they were asked", () => {
    const hosts = new Hosts();
    const [url, other] = [new URL("https://registry-1.docker.io/v2/"), new URL("https://other.test/")];
    hosts.learn(url, { root: "registry-1.docker.io/v2" }, { registry: "docker.io", path: "/v2/" });
    assert.equal(hosts.registryAt(url), "docker.io");
    assert.equal(hosts.registryAt(other), "other.test");
    assert.deepEqual([hosts.isRegistry(url), hosts.isRegistry(other)], [true, false]);
  });
});
