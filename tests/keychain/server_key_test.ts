import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { dockerKey, findKey, hostnameOf, parseServerKey } from "../../src/keychain/server_key.ts";

const part = fc.stringMatching(/^[a-z0-9]{1,6}$/);
const host = fc.tuple(
  fc.array(part, { minLength: 2, maxLength: 3 }),
  fc.option(fc.integer({ min: 1, max: 65535 })),
)
  .map(([labels, port]) => `${labels.join(".")}${port === null ? "" : `:${port}`}`)
  .filter((name) => !name.endsWith("docker.io"));
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"))
  .filter((name) => name !== "v1" && name !== "v2");

describe("keys of files with credentials", () => {
  it("name a host in all the forms that there are (A38)", () => {
    const forms = ["", "https://", "http://"].flatMap((scheme) =>
      ["", "/", "/v1", "/v1/", "/v2/"].map((path) => [scheme, path] as const)
    );
    for (const name of ["quay.io", "localhost:5000", "[::1]:5000", "QUAY.io"]) {
      for (const [scheme, path] of forms) {
        assert.deepEqual(parseServerKey(`${scheme}${name}${path}`), { host: name.toLowerCase(), path: "" });
      }
    }
    for (
      const name of ["docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/"]
    ) {
      assert.deepEqual(parseServerKey(name), { host: "docker.io", path: "" }, name);
      assert.equal(dockerKey(hostnameOf(name)), "https://index.docker.io/v1/");
      assert.equal(findKey([name], { registry: "docker.io", repository: "library/alpine" }), name);
    }
    assert.equal(hostnameOf("https://me:secret@quay.io/v2/"), "quay.io");
  });

  it("that are hosts match that host and no other, nor one that ends or begins with it (A36)", () => {
    for (const registry of ["quay.io.attacker.test", "evil-quay.io", "uay.io", "quay.io:443", "quay"]) {
      assert.equal(
        findKey(["quay.io", "https://quay.io/v1/"], { registry, repository: "acme/app" }),
        undefined,
      );
    }
  });

  it("with a path match where parts of a name end, the longest first (A39)", () => {
    const keys = ["quay.io", "quay.io/acme", "quay.io/acme/tools/app", "quay.io/acme/tools/"];
    const find = (repository?: string) => findKey(keys, { registry: "quay.io", repository });
    assert.equal(find("acme/tools/app"), "quay.io/acme/tools/app");
    assert.equal(find("acme/tools/app2"), "quay.io/acme/tools/");
    assert.equal(find("acme/tools"), "quay.io/acme/tools/");
    assert.equal(find("acme/app"), "quay.io/acme");
    for (const other of ["acme2/app", "acm", undefined]) assert.equal(find(other), "quay.io");
    assert.equal(findKey(keys.slice(1), { registry: "quay.io", repository: "acme2/app" }), undefined);
    // Docker's old keys are URLs; their paths say nothing.
    assert.equal(
      findKey(["https://quay.io/acme/"], { registry: "quay.io", repository: "x" }),
      "https://quay.io/acme/",
    );
  });

  it("written as Docker does go before others for the same host", () => {
    const hub = "https://index.docker.io/v1/";
    assert.equal(findKey(["docker.io", hub], { registry: "docker.io" }), "docker.io");
    assert.equal(findKey(["index.docker.io", hub], { registry: "docker.io" }), hub);
    assert.equal(findKey(["https://a.test/", "a.test"], { registry: "a.test" }), "a.test");
    assert.equal(findKey(["https://a.test/", "http://a.test"], { registry: "a.test" }), "https://a.test/");
  });

  it("hold what stands below them, and the longest is found among any others", () => {
    fc.assert(
      fc.property(
        host,
        path,
        path,
        fc.array(fc.tuple(host, path), { maxLength: 4 }),
        (registry, first, more, others) => {
          const repository = `${first}/${more}`;
          const noise = others.filter(([other]) => other !== registry).map(([a, b]) => `${a}/${b}`);
          const keys = [
            ...noise,
            registry,
            `${registry}/${first}`,
            `${registry}/${repository}`,
            `${registry}/${repository}x`,
          ];
          assert.equal(findKey(keys, { registry, repository }), `${registry}/${repository}`);
          assert.equal(findKey(keys.slice(0, -2), { registry, repository }), `${registry}/${first}`);
          assert.equal(findKey(noise, { registry, repository }), undefined);
          for (const form of [`https://${registry}`, `http://${registry}/v2/`, `${registry}/`]) {
            assert.equal(findKey([...noise, form], { registry, repository }), form);
          }
        },
      ),
    );
  });
});
