import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registryScheme } from "../../src/places/registry.ts";
import { registries, type Registry } from "../../src/registry/mod.ts";
import { fails } from "../../src/testing/errors.ts";

describe("repositories as places", () => {
  it("are named by a tag or a digest", () => {
    const digest = `sha256:${"1".repeat(64)}`;
    const cases: Record<string, [container: string, name: string]> = {
      "alpine": ["docker.io/library/alpine", "latest"],
      "quay.io/a/b:v1": ["quay.io/a/b", "v1"],
      [`quay.io/a/b:v1@${digest}`]: ["quay.io/a/b", digest],
    };
    for (const [rest, expected] of Object.entries(cases)) {
      const { container, name } = registryScheme.parse(rest, rest);
      assert.deepEqual([container, name], expected, rest);
    }
  });

  it("are opened by one client", () => {
    const place = registryScheme.parseContainer("localhost:5000/a/b", "localhost:5000/a/b");
    assert.deepEqual([place.name, place.reference], [undefined, undefined]);
    const { registry, repository } = place.target!({ registry: registries() }) as Registry;
    assert.deepEqual([registry, repository], ["localhost:5000", "a/b"]);
    assert.throws(() => registryScheme.parseContainer("a/b:v1", "a/b:v1"), fails("invalid-name"));
  });
});
