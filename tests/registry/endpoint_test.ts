import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endpointOf } from "../../src/registry/endpoint.ts";

describe("the endpoint", () => {
  it("of Docker Hub has another name", () => {
    assert.equal(endpointOf("docker.io"), "registry-1.docker.io");
    assert.equal(endpointOf("ghcr.io"), "ghcr.io");
  });
});
