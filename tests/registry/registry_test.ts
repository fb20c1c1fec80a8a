import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { registry, registrySource } from "../../src/registry/mod.ts";

describe("names of registries", () => {
  it("that no URL can hold are refused", () => {
    for (const name of ["127.256.0.1/app", "reg.test:99999/app"]) {
      for (const open of [registry, registrySource]) {
        assert.throws(() => open(name), (error) => GantryError.is(error, "invalid-name"));
      }
    }
  });
});

describe("a repository to read from", () => {
  it("resolves, opens, lists, and has nothing that writes", async () => {
    const index = '{"schemaVersion":2,"manifests":[]}';
    const app = registrySource("reg.test/app", {
      transport: ({ url }) =>
        Promise.resolve(
          url.includes("/tags/list")
            ? new Response('{"tags":["v1"]}')
            : new Response(index, { headers: { "content-type": mediaTypes.ociIndex } }),
        ),
    });
    const { document, descriptor } = await app.resolve("v1", { document: true });
    assert.equal(new TextDecoder().decode(document), index);
    assert.equal(await new Response(await app.open(descriptor)).text(), index);
    assert.deepEqual(await Array.fromAsync(app.names()), ["v1"]);
    assert.deepEqual(await Array.fromAsync(app.origins(descriptor)), [{
      registry: "reg.test",
      repository: "app",
    }]);
    for (const method of ["write", "tag", "delete", "ingest"]) assert.ok(!(method in app), method);
  });
});
