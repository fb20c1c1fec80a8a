import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type Digest,
  familiarName,
  formatReference,
  isRegistry,
  isRepository,
  isTag,
  parseReference,
  parseRepository,
  type Reference,
} from "../../src/spec/mod.ts";

const hex = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
const digest: Digest = `sha256:${hex}`;

const text = (unit: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...unit), minLength, maxLength });
const lower = "abcdefghijklmnopqrstuvwxyz0123456789";
const upper = lower.toUpperCase().replace(/\d/g, "");
const component = fc.array(text(lower, 1, 5), { minLength: 1, maxLength: 3 }).chain((parts) =>
  fc.constantFrom(".", "_", "__", "-", "---").map((separator) => parts.join(separator))
);
const repository = fc.array(component, { minLength: 2, maxLength: 4 }).map((parts) => parts.join("/"));
const registry = fc.oneof(
  fc.constantFrom("docker.io", "localhost", "LOCALDOMAIN", "[::1]:5000", "[fd00:1:2::3]"),
  fc.tuple(fc.domain(), fc.option(fc.nat(65535))).map(([host, port]) =>
    port === null ? host : `${host}:${port}`
  ),
);
const tag = fc.tuple(text(lower + upper + "_", 1, 1), text(lower + upper + "_.-", 0, 127)).map((parts) =>
  parts.join("")
);
const reference: fc.Arbitrary<Reference> = fc.record(
  { registry, repository, tag, digest: fc.constant(digest) },
  { requiredKeys: ["registry", "repository"], noNullPrototype: true },
).filter((one) => one.tag !== undefined || one.digest !== undefined);

describe("parseReference", () => {
  it("reads back what formatReference writes, in both modes", () => {
    fc.assert(fc.property(reference, (one) => {
      assert.deepEqual(parseReference(formatReference(one), { mode: "strict" }), one);
      assert.deepEqual(parseReference(formatReference(one)), one);
    }));
  });

  it("reads back what familiarName writes", () => {
    fc.assert(fc.property(reference, (one) => assert.deepEqual(parseReference(familiarName(one)), one)));
  });

  it("gives only parts that are safe in a path and a URL, or refuses", () => {
    const hostile = fc.string({
      unit: fc.constantFrom(..."aA0./:@-_%?#\\[]~ \n\u0000é", "..", "//", "sha256:"),
      maxLength: 40,
    });
    fc.assert(
      fc.property(hostile, (input) => {
        let parsed: Reference;
        try {
          parsed = parseReference(input);
        } catch (error) {
          return assert.match(
            (error as { code: string }).code,
            /^(?:invalid-name|invalid-digest|unsupported)$/,
          );
        }
        const url = new URL(
          `https://${parsed.registry}/v2/${parsed.repository}/manifests/${parsed.tag ?? ""}`,
        );
        assert.equal(url.pathname, `/v2/${parsed.repository}/manifests/${parsed.tag ?? ""}`);
      }),
      { numRuns: 2000 },
    );
  });

  it("completes with the registry and tag it is told", () => {
    const options = { defaultRegistry: "registry.example", defaultTag: "stable" };
    assert.equal(formatReference(parseReference("app", options)), "registry.example/app:stable");
    assert.equal(formatReference(parseReference("quay.io/app:v1", options)), "quay.io/app:v1");
    assert.throws(() => parseReference("app", { defaultRegistry: "a b" }), { code: "invalid-name" });
    assert.throws(() => parseReference("app", { defaultTag: "" }), { code: "invalid-name" });
  });

  it("knows Docker Hub by all its names", () => {
    for (const name of ["docker.io", "index.docker.io", "registry-1.docker.io"]) {
      assert.equal(formatReference(parseReference(`${name}/alpine`)), "docker.io/library/alpine:latest");
      assert.equal(parseReference("alpine", { defaultRegistry: name }).registry, "docker.io");
    }
  });

  it("adds no tag to a digest, and keeps a tag beside one", () => {
    assert.deepEqual(parseReference(`alpine@${digest}`), {
      registry: "docker.io",
      repository: "library/alpine",
      digest,
    });
    assert.equal(parseReference(`alpine:3@${digest}`).tag, "3");
  });

  it("wants everything written down in strict mode", () => {
    assert.throws(() => parseReference("alpine:3", { mode: "strict" }), { message: /: no registry$/ });
    assert.throws(() => parseReference("docker.io/library/alpine", { mode: "strict" }), {
      message: /no tag and no digest$/,
    });
    assert.throws(() => parseReference("docker.io/alpine:3", { mode: "strict" }), {
      message: /"library\/alpine"$/,
    });
  });

  it("names the reference and the reason", () => {
    const message = (input: string) => {
      try {
        return formatReference(parseReference(input));
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.equal(
      message("a.b/Foo:1"),
      'parse reference "a.b/Foo:1": "Foo" is no repository name (no capital letters)',
    );
    assert.equal(message("foo:-1"), 'parse reference "foo:-1": "-1" is no tag');
    assert.equal(message("foo:"), 'parse reference "foo:": "" is no tag');
    assert.equal(message("-.io/foo"), 'parse reference "-.io/foo": "-.io" is no registry');
    assert.equal(message(digest), `parse reference "${digest}": a digest without a repository`);
    assert.match(
      message("foo@sha256:12"),
      /^parse reference "foo@sha256:12": parse digest "sha256:12": sha256 takes 64/,
    );
  });

  it("refuses digests of algorithms that cannot be computed", () => {
    assert.throws(() => parseReference(`foo@blake3:${hex}`), { code: "unsupported" });
  });

  it("does not take long for long nonsense", () => {
    for (const unit of ["a", "a-", "a.", "a/", "-", "a:", "a@"]) {
      assert.throws(() => parseReference(unit.repeat(200_000) + "!"), { name: "GantryError" });
    }
  });
});

describe("parseRepository", () => {
  it("takes neither tag nor digest", () => {
    assert.deepEqual(parseRepository("alpine"), { registry: "docker.io", repository: "library/alpine" });
    assert.throws(() => parseRepository("alpine:3"), { code: "invalid-name" });
    assert.throws(() => parseRepository(`alpine@${digest}`), { code: "invalid-name" });
  });
});

describe("names", () => {
  it("are tags, repositories and registries by their grammar", () => {
    assert.deepEqual(["a".repeat(128), "_x", "v1.0-rc.1"].map(isTag), [true, true, true]);
    assert.deepEqual(["a".repeat(129), ".x", "-x", "", "a/b", "a\n"].map(isTag), Array(6).fill(false));
    assert.deepEqual(["a__b", "a---b", "a/b/c", "a".repeat(255)].map(isRepository), Array(4).fill(true));
    assert.deepEqual(
      ["a___b", "a/../b", "a//b", "/a", "A", "a.", "a".repeat(256)].map(isRepository),
      Array(7).fill(false),
    );
    assert.deepEqual(["localhost:5000", "[::1]", "a"].map(isRegistry), Array(3).fill(true));
    assert.deepEqual(
      ["a b", "user@host", "http://a", "a/b", "а.example", ""].map(isRegistry),
      Array(6).fill(false),
    );
  });

  it("are formatted without tag and digest when there is none", () => {
    assert.equal(formatReference({ registry: "docker.io", repository: "library/a" }), "docker.io/library/a");
    assert.equal(familiarName({ registry: "docker.io", repository: "library/a/b" }), "library/a/b");
    assert.equal(
      familiarName({ registry: "docker.io", repository: "library/a", tag: "1", digest }),
      `a:1@${digest}`,
    );
  });
});
