import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { printed, withRegistry } from "../../../gantry.ts";

describe("gantry auth token", () => {
  it("prints what the token server gives, or a header of it", () => {
    const asked: string[] = [];
    return withRegistry(async ({ gantry, host }) => {
      assert.equal(
        printed(await gantry("auth", "token", `${host}/app`)),
        '{"token":"t\\u003c","access_token":"a","refresh_token":"","expires_in":300}\n',
      );
      assert.equal(asked.pop(), "repository:app:pull");
      const more = ["-m", `${host}/base,${host}/other`, "--mount", `${host}/third`];
      assert.equal(
        printed(await gantry("auth", "token", "-H", "--push", ...more, `${host}/app`)),
        "Authorization: Bearer a",
      );
      assert.equal(
        asked.pop(),
        "repository:app:pull,push repository:base:pull repository:other:pull repository:third:pull",
      );
    }, (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/token") {
        asked.push(searchParams.getAll("scope").join(" "));
        return Promise.resolve(
          Response.json({
            token: "t<",
            access_token: "a",
            expires_in: 300,
            issued_at: "2026-01-01T00:00:00Z",
          }),
        );
      }
      const headers = { "www-authenticate": 'Bearer realm="/token",service="tests"' };
      return Promise.resolve(new Response("{}", { status: 401, headers }));
    });
  });

  it("fails where the registry wants none", () =>
    withRegistry(async ({ gantry, host }) => {
      const { code, stdout, stderr } = await gantry("auth", "token", `${host}/app`);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^Error: get a token for .*\/app: .* gives none/);
    }));
});
