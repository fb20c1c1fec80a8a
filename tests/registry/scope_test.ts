import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Action, mergeScopes, repositoryScope } from "../../src/registry/scope.ts";
import { needsFixtures, table } from "../support/fixtures.ts";

interface Case {
  rule: string;
  name?: string;
  input?: string[];
  expected: string | string[];
  repository?: string;
  actions?: Action[];
}

describe("scopes of other projects' tests", needsFixtures, () => {
  const cases = table<Case>("scopes");
  for (const { name, input, expected } of cases.filter(({ rule }) => rule === "clean")) {
    it(`merged: ${name}`, () => assert.deepEqual(mergeScopes(input!).sort(), expected));
  }
  for (const { name, input, expected } of cases.filter(({ rule }) => rule === "clean-actions")) {
    it(`actions: ${name}`, () => {
      const wanted = expected.length > 0 ? [`repository:a:${(expected as string[]).join(",")}`] : [];
      assert.deepEqual(mergeScopes([`repository:a:${input!.join(",")}`]), wanted);
    });
  }
  for (const one of cases.filter(({ rule, repository }) => rule === "repository" && repository)) {
    it(`of a repository: ${one.name}`, () => {
      assert.equal(repositoryScope(one.repository!, ...one.actions!), one.expected);
    });
  }
});

describe("scopes", () => {
  it("keep the order in which things are first named", () => {
    assert.deepEqual(mergeScopes(["repository:z:push", "repository:a:pull", "repository:z:pull"]), [
      "repository:z:pull,push",
      "repository:a:pull",
    ]);
  });
});
