import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client } from "../../src/registry/client.ts";
import { Endpoints } from "../../src/registry/endpoints.ts";
import { withDefaults } from "../../src/registry/options.ts";
import { isAt, originOf } from "../../src/registry/origin.ts";

describe("where a registry is", () => {
  it("is guessed before it has answered", () => {
    const client = new Client(withDefaults({ insecure: (registry) => registry === "plain.test" }));
    assert.equal(originOf(client, "docker.io").href, "https://registry-1.docker.io/");
    assert.equal(originOf(client, "plain.test").href, "http://plain.test/");
    assert.ok(isAt(client, new URL("https://reg.test/v2/app/blobs/uploads/1"), "reg.test"));
    assert.ok(!isAt(client, new URL("https://storage.test/v2/app/blobs/uploads/1"), "reg.test"));
  });

  it("is where its mirrors are too, but not where those of another are", () => {
    const settings = withDefaults();
    const hosts = new Endpoints(settings, settings.environment.now);
    const client = new Client(settings, { hosts });
    const url = new URL("https://mirror.test/v2/");
    hosts.learn(url, { root: "https://mirror.test/v2" }, { registry: "reg.test", path: "/v2/" });
    assert.ok(isAt(client, url, "reg.test"));
    assert.ok(!isAt(client, url, "other.test"));
  });
});
