import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { neededBy, parseScope, scopeOf } from "../../../src/server/auth/access.ts";

const digest = `sha256:${"0".repeat(64)}`;

/** What a request needs, as scopes. */
function scopes(method: string, path: string): string[] {
  const { access, mount } = neededBy(new Request(`http://localhost/v2/${path}`, { method }));
  return [...access.map(scopeOf), ...(mount ? [`mount ${scopeOf(mount)}`] : [])];
}

describe("what a request needs", () => {
  const cases: [method: string, path: string, ...scopes: string[]][] = [
    ["GET", ""],
    ["GET", "_catalog", "registry:catalog:*"],
    ["GET", "a/b/manifests/v1", "repository:a/b:pull"],
    ["HEAD", `a/blobs/${digest}`, "repository:a:pull"],
    ["PUT", "a/manifests/v1", "repository:a:pull,push"],
    ["DELETE", "a/manifests/v1", "repository:a:delete"],
    ["DELETE", `a/blobs/${digest}`, "repository:a:delete"],
    ["POST", "a/blobs/uploads/", "repository:a:pull,push"],
    ["PATCH", "a/blobs/uploads/00000000-0000-0000-0000-000000000000", "repository:a:pull,push"],
    ["GET", "a/blobs/uploads/00000000-0000-0000-0000-000000000000", "repository:a:pull,push"],
    ["DELETE", "a/blobs/uploads/00000000-0000-0000-0000-000000000000", "repository:a:pull,push"],
    ["GET", "a/tags/list", "repository:a:pull"],
    ["GET", `a/referrers/${digest}`, "repository:a:pull"],
    [
      "POST",
      `a/blobs/uploads/?mount=${digest}&from=b`,
      "repository:a:pull,push",
      "mount repository:b:pull",
    ],
    ["POST", `a/blobs/uploads/?mount=${digest}`, "repository:a:pull,push"],
    ["POST", `a/blobs/uploads/?mount=${digest}&from=..`, "repository:a:pull,push"],
  ];
  for (const [method, path, ...expected] of cases) {
    it(`${method} /v2/${path}`, () => assert.deepEqual(scopes(method, path), expected));
  }

  it("is an error for what is no path", () => {
    assert.throws(() => scopes("GET", "A/manifests/v1"), { status: 400 });
    assert.throws(() => scopes("GET", "nothing"), { status: 404 });
  });
});

describe("a scope", () => {
  it("is read as it is written", () => {
    for (const text of ["repository:acme/app:pull,push", "registry:catalog:*", "repository:a:"]) {
      assert.equal(scopeOf(parseScope(text)!), text);
    }
    assert.deepEqual(parseScope("repository(plugin):localhost:5000/a:pull"), {
      type: "repository",
      name: "localhost:5000/a",
      actions: ["pull"],
    });
    for (const text of ["", "openid", "repository:a"]) assert.equal(parseScope(text), undefined);
  });
});
