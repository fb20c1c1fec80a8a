import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { chooseChallenge, parseChallenges } from "../../src/registry/challenge.ts";
import { needsFixtures, table } from "../support/fixtures.ts";

interface Case {
  name?: string;
  header?: string;
  headers?: string[];
  valid: boolean;
  challenges?: { scheme: string; params: Record<string, string> }[];
}

describe("WWW-Authenticate headers of other projects' tests", needsFixtures, () => {
  for (const one of table<Case>("www-authenticate")) {
    const header = one.header ?? one.headers!.join(", ");
    it(`${one.name ?? ""} ${header}`, () => {
      const found = parseChallenges(header).map(({ scheme, params }) => ({
        scheme,
        params: Object.fromEntries(params),
      }));
      if (one.challenges) assert.deepEqual(found, one.challenges);
      // Where others refuse a broken header, what is broken must not be believed.
      else if (!one.valid) {
        assert.ok(found.every(({ params }) => !("charset" in params) && !/"/.test(params["realm"] ?? "")));
      } else assert.deepEqual(found, []);
    });
  }
});

describe("WWW-Authenticate", () => {
  it("may hold several challenges, of which Bearer is taken before Basic and the unknown passed over", () => {
    const header =
      'Negotiate, Basic realm="a, b", Bearer realm="https://auth.test/token?x=1,2",service="reg"';
    assert.deepEqual(parseChallenges(header).map(({ scheme }) => scheme), ["basic", "bearer"]);
    assert.equal(chooseChallenge(header)!.params.get("realm"), "https://auth.test/token?x=1,2");
    assert.equal(parseChallenges(header)[0]!.params.get("realm"), "a, b");
  });

  it("keeps commas within quotes together", () => {
    const header = 'Bearer realm="https://a.test",scope="repository:a/b:pull,push repository:c:pull"';
    assert.equal(chooseChallenge(header)!.params.get("scope"), "repository:a/b:pull,push repository:c:pull");
  });

  it("may leave values unquoted, URLs too", () => {
    const found = chooseChallenge("BEARER Realm=https://a.test/token?a=b&c=d , Service=reg.test");
    assert.equal(found!.params.get("realm"), "https://a.test/token?a=b&c=d");
    assert.equal(found!.params.get("service"), "reg.test");
  });

  it("may be missing or hold nothing of use", () => {
    assert.equal(chooseChallenge(null), undefined);
    assert.equal(chooseChallenge(""), undefined);
    assert.equal(chooseChallenge("Negotiate abc=="), undefined);
  });

  it("of any kind is read to its end without a hang", () => {
    const alphabet = fc.constantFrom('"', "\\", ",", "=", " ", "a", "Bearer ", "realm", "\t");
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 60 }), (parts) => {
        for (const { params } of parseChallenges(parts.join(""))) assert.ok(params instanceof Map);
      }),
    );
    parseChallenges(`Bearer realm="${"\\".repeat(100_000)}`);
    parseChallenges(`Bearer ${"a ".repeat(50_000)}=`);
  });
});
