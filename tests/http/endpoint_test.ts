import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostAt, hostOf, rootOf } from "../../src/http/endpoint.ts";

describe("the host of a registry", () => {
  it("is what the registry is called, but for Docker Hub", () => {
    assert.equal(hostOf("docker.io"), "registry-1.docker.io");
    assert.equal(hostOf("ghcr.io"), "ghcr.io");
    assert.equal(rootOf("docker.io"), "registry-1.docker.io/v2");
  });

  it("stands in the root of its API", () => {
    assert.equal(hostAt("https://a.test:1/b/v2"), "a.test:1");
    assert.equal(hostAt("a.test/v2"), "a.test");
  });
});
