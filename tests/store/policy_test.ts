import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { memory, type Source } from "../../src/content/mod.ts";
import { parsePolicy, type PolicyRule, policyVerifier } from "../../src/store/mod.ts";
import { fails } from "../../src/testing/errors.ts";
import { putImage } from "./support.ts";

async function verdictOf(name: string, rules: readonly PolicyRule[], source?: Source): Promise<boolean> {
  const there = memory();
  const descriptor = await putImage(there, "image", { name: "v1" });
  const document = utf8("{}");
  const verdict = await policyVerifier({ rules })(
    { name, descriptor, document, source: source ?? there },
    {},
  );
  assert.ok(verdict.reason.length > 0);
  return verdict.ok;
}

describe("policies", () => {
  const rows: readonly [string, string, boolean][] = [
    ["ghcr.io", "ghcr.io/acme/app:v1", true],
    ["ghcr.io/acme", "ghcr.io/acme/app:v1", true],
    ["ghcr.io/acme/", "ghcr.io/acme/app:v1", true],
    ["ghcr.io/acme/app", "ghcr.io/acme/app:v1", true],
    ["ghcr.io/acme/app", "ghcr.io/acme/app@sha256:abc", true],
    ["ghcr.io/acme/app:v1", "ghcr.io/acme/app:v1", true],
    ["ghcr.io/acme/ap", "ghcr.io/acme/app:v1", false],
    ["ghcr.io/ac", "ghcr.io/acme/app:v1", false],
    ["localhost", "localhost:5000/app:v1", false],
    ["localhost:5000", "localhost:5000/app:v1", true],
    ["docker.io", "ghcr.io/acme/app:v1", false],
  ];
  for (const [prefix, name, ok] of rows) {
    it(`${prefix} and ${name}`, async () => assert.equal(await verdictOf(name, [{ prefix }]), ok));
  }

  it("take the first rule that is about an image", async () => {
    const require = ["application/x-sbom"];
    const rules = [{ prefix: "ghcr.io/acme/app" }, { prefix: "ghcr.io", require }];
    assert.ok(await verdictOf("ghcr.io/acme/app:v1", rules));
    assert.ok(!await verdictOf("ghcr.io/acme/other:v1", rules));
  });

  it("want artifacts, as referrers or at cosign's tag", async () => {
    const source = memory();
    const subject = await putImage(source, "image");
    const verify = async (type: string) => {
      const rules = [{ prefix: "a", require: [type] }];
      const candidate = { name: "a/b:c", descriptor: subject, document: utf8("{}"), source };
      return (await policyVerifier({ rules })(candidate, {})).ok;
    };
    const bundle = "application/vnd.dev.sigstore.bundle",
      cosign = "application/vnd.dev.cosign.artifact.sig.v1+json";
    assert.deepEqual([await verify(bundle), await verify(cosign)], [false, false]);
    await putImage(source, "bundle", { subject, artifactType: `${bundle}.v0.3+json` });
    assert.ok(await verify(bundle));
    await putImage(source, "signature", { name: `sha256-${subject.digest.slice(7)}.sig` });
    assert.ok(await verify(cosign));
  });

  it("do not take a registry that fails for one without signatures", async () => {
    const failing: Source = {
      ...memory(),
      resolve: () => Promise.reject(new Error("500")),
      open: () => Promise.reject(new Error("500")),
      referrers: async function* () {
        yield* [];
        throw new Error("500");
      },
    };
    const rules = [{ prefix: "a", require: ["application/x-sbom"] }];
    await assert.rejects(verdictOf("a/b:c", rules, failing), /500/);
  });

  it("are refused when they are misspelt", () => {
    const parse = (value: unknown) => parsePolicy(utf8(JSON.stringify(value)), "policy.json");
    const good = { rules: [{ prefix: "ghcr.io", require: ["application/x-sbom"] }] };
    assert.deepEqual(parse(good), good);
    for (
      const bad of [
        null,
        [],
        {},
        { rules: {} },
        { rules: [null] },
        { rules: [{}] },
        { rules: [{ prefix: "" }] },
        { rules: [{ prefix: "a", require: "b" }] },
        { rules: [{ prefix: "a", require: [1] }] },
        { rules: [{ prefix: "a", requires: ["b"] }] },
      ]
    ) {
      assert.throws(
        () => parse(bad),
        fails("invalid-document", /^parse policy\.json: /),
        JSON.stringify(bad),
      );
    }
  });
});
