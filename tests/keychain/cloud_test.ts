import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accessTokenIn, askCloud } from "../../src/keychain/cloud.ts";
import { fails, rejects } from "../../src/testing/errors.ts";
import { cloud } from "./support.ts";

const request = { what: "get a token", url: "https://cloud.test/token" };
const ask = (body: string | null, status = 200, headers: Record<string, string> = {}) =>
  askCloud({ ...request, ...cloud(() => new Response(body, { status, headers })) });

describe("a cloud", () => {
  it("is not followed to another place", async () => {
    const { transport, seen } = cloud(() =>
      new Response(null, { status: 302, headers: { location: "https://evil.test/" } })
    );
    await rejects(
      askCloud({ ...request, body: { secret: "hunter2" }, transport }),
      "unavailable",
      /^get a token: 302$/,
    );
    assert.equal(seen.length, 1);
  });

  it("that answers with anything but a JSON object is an error that does not repeat it (A13)", async () => {
    for (const body of ["<html>hunter2</html>", '"hunter2"', "[", "", "null", '{"token":"hunter2"']) {
      await assert.rejects(ask(body), (error: Error) => {
        fails("invalid-document", /^get a token: the answer is not a JSON object$/)(error);
        return true;
      });
    }
    await rejects(ask(`{"a":"${"x".repeat(131_072)}"}`), "too-large");
  });

  it("that refuses is an error of the right kind", async () => {
    const cases = [[400, "unauthorized"], [401, "unauthorized"], [403, "denied"], [404, "not-found"], [
      500,
      "unavailable",
    ], [503, "unavailable"]] as const;
    for (const [status, code] of cases) {
      await rejects(
        ask('{"error":"invalid_grant"}', status),
        code,
        new RegExp(`^get a token: ${status} invalid_grant$`),
      );
      await rejects(ask("<html>", status), code, new RegExp(`^get a token: ${status}$`));
    }
  });

  it("whose token ends soon is asked again in time", () => {
    const now = () => 1_000_000;
    assert.deepEqual(accessTokenIn({ access_token: "t", expires_in: 3600 }, "x", now), {
      token: "t",
      expires: 4_540_000,
    });
    assert.equal(accessTokenIn({ access_token: "t", expires_in: "3600" }, "x", now).expires, 4_540_000);
    assert.equal(accessTokenIn({ access_token: "t" }, "x", now).expires, 1_240_000);
    assert.equal(accessTokenIn({ access_token: "t", expires_in: 10 }, "x", now).expires, 1_000_000);
    for (const none of [{}, { access_token: "" }, { access_token: 7 }]) {
      assert.throws(
        () => accessTokenIn(none, "get a token", now),
        fails("invalid-document", /no "access_token"/),
      );
    }
  });
});
