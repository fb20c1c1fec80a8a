import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseScope } from "../../../src/server/auth/access.ts";
import { type AccessRule, allowByRules, type Visitor } from "../../../src/server/mod.ts";

const rules: AccessRule[] = [
  { repositories: "public/**", actions: ["pull"] },
  { repositories: ["acme/*", "one.app"], users: ["ci"], actions: ["push"] },
  { users: ["*"], actions: ["catalog"] },
];
const ci = { name: "ci" };
const holder: Visitor = { name: "ci", access: [{ type: "repository", name: "other", actions: ["pull"] }] };

describe("rules of a registry", () => {
  const cases: [visitor: Visitor | undefined, scope: string, allowed: boolean][] = [
    [undefined, "repository:public/a/b:pull", true],
    [undefined, "repository:public/a:pull,push", false],
    [undefined, "repository:public:pull", false],
    [ci, "repository:acme/app:pull,push", true],
    [ci, "repository:acme/app/deep:push", false],
    [ci, "repository:acme/app:delete", false],
    [ci, "repository:one.app:push", true],
    [ci, "repository:one-app:push", false],
    [{ name: "dev" }, "repository:acme/app:pull", false],
    [{ name: "dev" }, "registry:catalog:catalog", true],
    [undefined, "registry:catalog:catalog", false],
    // A token is for what it says, whoever's it is.
    [holder, "repository:other:pull", true],
    [holder, "repository:acme/app:push", false],
    [holder, "repository:public/a:pull", true],
  ];
  for (const [visitor, scope, allowed] of cases) {
    it(`${allowed ? "allow" : "do not allow"} ${visitor?.name ?? "anybody"} ${scope}`, () =>
      assert.equal(allowByRules(rules)(visitor, parseScope(scope)!), allowed));
  }
});
