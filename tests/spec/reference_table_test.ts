import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  familiarMatch,
  familiarName,
  formatReference,
  isRegistry,
  parseReference,
  parseRepository,
  type Reference,
} from "../../src/spec/mod.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { Decided } from "./decided.ts";

interface Case {
  dialect: string;
  kind?: string;
  input: string;
  valid: boolean;
  name?: string;
  domain?: string;
  path?: string;
  registry?: string;
  repository?: string;
  tag?: string;
  digest?: string;
  normalized?: string;
  familiar?: string;
  locator?: string;
  object?: string;
  default_registry?: string;
  default_tag?: string;
}

const hash = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
const refuses = (input: string) => () => {
  assert.throws(() => parseReference(input), { code: /^invalid-(?:name|digest)$/ });
  assert.equal(isRegistry(input), false);
};
const refused = (dialect: string, ...inputs: string[]) =>
  Object.fromEntries(inputs.map((input) => [`${dialect} ${input}`, refuses(input.replace("…", hash))]));

/** The key of a case in docs/decisions.md. */
const keyOf = (c: Case) => `${c.dialect} ${c.input.replace(/[0-9a-f]{32,}/g, "…") || '""'}`;

/** Whether a dialect wants names in full. */
const strict = /^(?:distribution\.ParseNamed|ggcr\.strict|containerd\.Parse|oras-go)$/;
/** Those in which a name without tag and digest stays without. */
const untagged =
  /^(?:distribution\.Parse\w*Named|distribution\.Parse|distribution\.ParseAnyReference|oras-go)$/;

function parse(c: Case): Reference {
  const options = {
    mode: strict.test(c.dialect) ? "strict" as const : "familiar" as const,
    ...c.default_registry === undefined ? {} : { defaultRegistry: c.default_registry },
    ...c.default_tag === undefined ? {} : { defaultTag: c.default_tag },
  };
  if (c.kind === "repository") return parseRepository(c.input, options);
  const bare = !c.input.includes("@") && !/:[^/]*$/.test(c.input);
  return bare && untagged.test(c.dialect)
    ? parseRepository(c.input, options)
    : parseReference(c.input, options);
}

describe("references table", needsFixtures, () => {
  const decided = new Decided("references", {
    "distribution.Parse validname@sha512:…": () => {
      const digest = `sha512:${"f".repeat(128)}`;
      assert.equal(parseReference(`validname@${digest}`).digest, digest);
    },
    "ggcr.weak ubuntu": () =>
      assert.equal(formatReference(parseReference("ubuntu")), "docker.io/library/ubuntu:latest"),
    'ggcr.weak ""': () => assert.equal(isRegistry(""), false),
    ...refused("distribution.ParseAnyReference", "sha256:…"),
    ...refused(
      "containerd.Parse",
      "docker.io/library/redis:foo@sha256:abcdef?fooo=asdf",
      "docker.io/library/redis@sha256:abcdef?fooo=asdf",
      "docker.io/library/redis:obj@abcdef?fooo=asdf",
      "localhost:5000/library/redis:obj@abcdef?fooo=asdf",
      "xn--7o8h.com/myimage:xn--7o8h.com@sha512:fffffff",
      "docker.io/library/redis?fooo=asdf",
    ),
    ...refused(
      "oras-go",
      "localhost/hello-world:@sha256:…",
      "registry.example.com/hello-world:@sha256:…",
      "localhost:5000/hello-world:@sha256:…",
      "oci://localhost/hello-world@sha256:…",
      "oci://registry.example.com/hello-world:v2@sha256:…",
      "oci://[::1]:5000/hello-world:latest",
      "http://localhost/hello-world@sha256:…",
      "https://localhost/hello-world@sha256:…",
    ),
    ...refused(
      "regclient",
      "example./g/roup/image:a",
      "example.:5000/g/roup/image:a",
      "ocifile://path/to/file.tgz",
      "ocifile://path/to/file.tgz@sha256:…",
      "ocidir://path/2/dir@sha256:…",
      "ocidir://path/2/~dir~/+rules_oci+/examples:latest",
    ),
    ...refused(
      "regclient.host",
      "example.",
      "ocifile://path",
      "ocidir://path/to/dir",
      "ocidir://path/to/DIR:v1.2.3",
    ),
  });

  for (const c of table<Case>("references")) {
    it(`${c.dialect} ${c.kind ?? ""} ${JSON.stringify(c.input.slice(0, 100))} is ${c.valid ? "valid" : "refused"}`, () => {
      if (!(c.dialect === "ggcr.weak" && c.kind === "repository") && decided.has(keyOf(c))) return;
      if (c.kind === "registry") return assert.equal(isRegistry(c.input), c.valid);
      if (!c.valid) return assert.throws(() => parse(c), { name: "GantryError" });
      const got = parse(c);
      const { registry, repository, tag = "", digest = "" } = got;
      if (c.dialect === "distribution.Parse") {
        assert.deepEqual([registry, familiarName({ registry, repository })], [
          c.domain || "docker.io",
          c.name,
        ]);
      }
      if (c.domain !== undefined && c.path !== undefined) {
        assert.deepEqual([registry, repository], [c.domain, c.path]);
      }
      if (c.registry !== undefined) assert.deepEqual([registry, repository], [c.registry, c.repository]);
      if (c.tag !== undefined) assert.equal(tag, c.tag);
      if (c.digest !== undefined) assert.equal(digest, c.digest);
      if (c.normalized !== undefined) assert.equal(formatReference(got), c.normalized);
      if (c.familiar !== undefined) assert.equal(familiarName(got), c.familiar);
      if (c.locator !== undefined) assert.equal(`${registry}/${repository}`, c.locator);
      if (c.object !== undefined) assert.equal(tag, c.object);
    });
  }

  it("has a case for each decision", () => decided.allSeen());
});

describe("reference grammar table", needsFixtures, () => {
  const long = "a/".repeat(127) + "a/a";
  const decided = new Decided("reference-grammar", {
    [`full-name a/a/…/a`]: () => {
      assert.throws(() => parseRepository(long), { code: "invalid-name", message: /longer than 255/ });
      assert.equal(parseRepository(`a.b/${long.slice(2)}`).repository, long.slice(2));
    },
  });
  const cases = table<{ rule: string; input: string; match: boolean; subs?: string[] }>("reference-grammar");
  for (const { rule, input, match, subs } of cases) {
    it(`${rule} ${JSON.stringify(input.slice(0, 100))} ${match ? "matches" : "does not match"}`, () => {
      if (rule === "domain") return assert.equal(isRegistry(input), match);
      // The rule asks for 64 digits; such a name is refused, any other may be a repository.
      if (rule === "identifier") return assert.equal(parseReference(input).repository, `library/${input}`);
      const parse = rule === "reference" ? parseReference : parseRepository;
      if (input.length > 255 && decided.has(`${rule} a/a/…/a`)) return;
      if (!match) return assert.throws(() => parse(input), { name: "GantryError" });
      const { registry, repository, tag = "", digest = "" } = parse(input) as Reference;
      const name = familiarName({ registry, repository });
      // The bare grammar takes `library` in `library/ubuntu` for a host.
      if (rule === "full-name") {
        assert.equal(name.replace(/^ubuntu$/, "library/ubuntu"), subs!.filter(Boolean).join("/"));
      } else assert.deepEqual([name, digest === "" || subs![1] !== "" ? tag : "", digest], subs);
    });
  }

  it("has a case for each decision", () => decided.allSeen());

  it("takes 64 digits for an id", () => {
    assert.throws(() => parseReference(hash), { code: "invalid-name" });
    assert.throws(() => parseReference(`${hash}:latest`), { code: "invalid-name" });
  });
});

describe("reference match table", needsFixtures, () => {
  for (const c of table<{ reference: string; pattern: string; expected: boolean }>("reference-match")) {
    it(`${c.pattern} ${c.expected ? "matches" : "does not match"} ${c.reference}`, () => {
      assert.equal(familiarMatch(c.pattern, parseReference(c.reference)), c.expected);
    });
  }
});
