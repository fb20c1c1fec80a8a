import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { endpointsBy, parseRegistriesConf, ruleFor } from "../../src/hosts/registries_conf.ts";
import { rootOf } from "../../src/http/endpoint.ts";
import { GantryError } from "../../src/errors.ts";
import { fails } from "../../src/testing/errors.ts";
import { fixture, haveFixtures, needsFixtures } from "../support/fixtures.ts";

const endpoints = (text: string, name: string) => {
  const rule = ruleFor(name, parseRegistriesConf(text, "file"));
  return rule && endpointsBy(rule, name, rootOf);
};

describe("registries.conf", () => {
  it("puts a location in the place of a prefix, the longest that there is", () => {
    const text = `
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:60333"
insecure = true
[[registry]]
prefix = "docker.io/library"
location = "127.0.0.1:60333/libpod"
`;
    assert.deepEqual(endpoints(text, "docker.io/library/alpine"), [
      { root: "127.0.0.1:60333/v2", repository: "libpod/alpine" },
    ]);
    assert.deepEqual(endpoints(text, "docker.io/libraryx/alpine"), [
      { root: "127.0.0.1:60333/v2", repository: "libraryx/alpine", connection: { insecure: true } },
    ]);
    assert.equal(endpoints(text, "docker.io.example.com/app"), undefined);
  });

  it("has mirrors, which are good for what they are told", () => {
    const text = `
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.test/hub"
[[registry.mirror]]
location = "digests.test"
insecure = true
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.test"
pull-from-mirror = "tag-only"
`;
    assert.deepEqual(endpoints(text, "docker.io/library/alpine"), [
      {
        root: "mirror.test/v2",
        repository: "hub/library/alpine",
        capabilities: ["resolve", "pull", "referrers"],
      },
      {
        root: "digests.test/v2",
        repository: "library/alpine",
        connection: { insecure: true },
        capabilities: ["pull", "referrers"],
      },
      { root: "tags.test/v2", repository: "library/alpine", capabilities: ["resolve"] },
      { root: "registry-1.docker.io/v2", repository: "library/alpine" },
    ]);
  });

  it("may have a prefix for all hosts below another, with a location or without", () => {
    const prefix = '[[registry]]\nprefix = "*.example.com"\n';
    assert.deepEqual(endpoints(`${prefix}insecure = true`, "a.b.example.com/app"), [
      { root: "a.b.example.com/v2", repository: "app", connection: { insecure: true } },
    ]);
    assert.deepEqual(endpoints(`${prefix}location = "one.test/x"`, "a.example.com/app"), [
      { root: "one.test/v2", repository: "x/app" },
    ]);
    assert.equal(endpoints(prefix, "example.com/app"), undefined);
  });

  it("that is not right names the file, the place and the reason", () => {
    assert.throws(
      () => parseRegistriesConf('[[registry]]\nlocation = "a.test"\nblock = true', "/etc/r.conf"),
      fails("invalid-document", /^read \/etc\/r\.conf: registry 1: "block" is unknown; there are prefix, /),
    );
    assert.throws(
      () => parseRegistriesConf("[[registry]\n", "/etc/r.conf"),
      fails("invalid-document", /^read \/etc\/r\.conf: line 1, column \d+: /),
    );
  });
});

describe("files of podman, buildah and skopeo", needsFixtures, () => {
  const files = haveFixtures
    ? readdirSync(fixture("registries-conf")).filter((name) => /conf|ignore/.test(name))
    : [];
  // `invalidate-cache.conf` is right; only its name begins like theirs.
  const wrong = /^(?:blocked-conflicts|insecure-conflicts|invalid-|v1-invalid|missing-mirror|mixing)/;
  const expected: Record<string, string[]> = {
    "base-for-registries.d.conf": ["base.com"],
    "buildah-registries-cached.conf": ["docker.io", "quay.io", "docker.io/library"],
    "buildah-registries.conf.block": [
      "docker.io!",
      "registry.fedoraproject.org!",
      "registry.access.redhat.com!",
    ],
    "invalidate-cache.conf": [
      "registry.com",
      "blocked.registry.com!",
      "insecure.registry.com",
      "untrusted.registry.com",
    ],
    "podman-registries-cached.conf": ["docker.io", "quay.io", "docker.io/library", "localhost:5000"],
    "registries.conf.d-config-3.ignore": ["ignore-me-because-i-have-a-wrong-suffix.com"],
    "registries.conf.d-subdomain-override-3.conf": ["*.bar.example.com"],
    "try-update-cache-valid.conf": ["registry.com"],
    "v1-compatibility.conf": ["registry-b.com!", "registry-d.com", "registry-e.com", "registry-a.com"],
  };
  // Aliases that mean nothing: only the suffix keeps this file from being read.
  expected["registries.conf.d-config-3.ignore"] = [];
  for (const name of files) {
    const parse = () => parseRegistriesConf(readFileSync(fixture(`registries-conf/${name}`), "utf8"), name);
    if (wrong.test(name) || name.endsWith(".ignore")) {
      it(`refuses ${name}`, () => {
        assert.throws(
          parse,
          (error) => GantryError.is(error, "invalid-document") && error.message.startsWith(`read ${name}: `),
        );
      });
    } else {
      it(`reads ${name}`, () => {
        const rules = parse().map(({ prefix, blocked }) => `${prefix}${blocked ? "!" : ""}`);
        assert.deepEqual(rules, expected[name] ?? []);
      });
    }
  }
});
