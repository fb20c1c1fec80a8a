import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client } from "../../src/registry/client.ts";
import { withDefaults } from "../../src/registry/options.ts";
import { Repository } from "../../src/registry/repository.ts";

describe("a repository", () => {
  const repository = new Repository(new Client(withDefaults()), {
    registry: "reg.test:5000",
    repository: "acme/app",
  });

  it("names what is in it, for messages", () => {
    assert.equal(repository.reference(), "reg.test:5000/acme/app");
    assert.equal(repository.reference("v1"), "reg.test:5000/acme/app:v1");
    assert.equal(repository.reference("sha256:ab"), "reg.test:5000/acme/app@sha256:ab");
  });

  it("asks for leave to pull where a request does not say more", () => {
    const what = "resolve x";
    const { to, scopes } = repository.request("GET", "manifests/v1", { what });
    assert.deepEqual(to, {
      registry: "reg.test:5000",
      repository: "acme/app",
      path: "/v2/acme/app/manifests/v1",
    });
    assert.deepEqual(scopes, ["repository:acme/app:pull"]);
    const push = repository.request("PUT", "manifests/v1", { what, scopes: repository.pushScopes });
    assert.deepEqual(push.scopes, ["repository:acme/app:pull,push"]);
  });
});
