/** What registries as they are refuse, and where. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { rejects } from "../../src/testing/errors.ts";
import { type Script, scripted } from "./scripted.ts";
import { found, get } from "./pull_answers.ts";

describe("refusals, over a socket,", () => {
  it("that pass are waited for as long as the server wants, within reason (B32, B33)", async () => {
    const waits: [number, Record<string, string>, number][] = [
      [429, { "retry-after": "30" }, 30_250],
      [429, { "retry-after": new Date(1_700_000_010_000).toUTCString() }, 10_250],
      [429, { "retry-after": "-5" }, 500],
      [429, { "retry-after": "soon" }, 500],
      [503, { "retry-after": "3" }, 3250],
      ...[408, 500, 502, 503, 504, 522].map((
        status,
      ): [number, Record<string, string>, number] => [status, {}, 500]),
    ];
    for (const [status, headers, wait] of waits) {
      await scripted({ [get]: [{ status, headers }, found] }, async ({ app, slept }) => {
        await app.resolve("v1", { document: true });
        assert.deepEqual(slept.map((ms) => Math.round(ms)), [wait], `${status} ${JSON.stringify(headers)}`);
      });
    }
    for (const status of [501, 505, 400, 404, 429]) {
      const headers = status === 429 ? { "retry-after": "1000000000" } : {}; // nobody waits as long
      await scripted({ [get]: { status, headers } }, async ({ app, slept }) => {
        await assert.rejects(app.resolve("v1", { document: true }), (error) => GantryError.is(error));
        assert.deepEqual(slept, []);
      });
    }
    const quota = {
      status: 429,
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}',
    };
    await scripted({ [get]: quota }, async ({ app }) => {
      await rejects(
        app.resolve("v1", { document: true }),
        "rate-limited",
        /TOOMANYREQUESTS: pull rate limit/,
      );
    });
  });

  it("have bodies of every kind, and the status decides (B34, B35)", async () => {
    const bodies = [
      '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"gone","detail":{"any":[1]}}]}',
      '{"errors":[{"code":"UNKNOWN","message":"not found"}]}',
      '{"details":"not here"}',
      '{"errors":[]}',
      '{"errors":[null,1,{}]}',
      "[]",
      "<html><body>not here</body></html>",
      "not here",
      "",
      "x".repeat(200_000),
    ];
    const statuses: [number, ErrorCode][] = [[401, "unauthorized"], [403, "denied"], [404, "not-found"], [
      410,
      "not-found",
    ]];
    for (const body of bodies) {
      for (const [status, code] of statuses) {
        await scripted({ [get]: { status, body }, "GET /v2/": {} }, async ({ app }) => {
          await assert.rejects(app.resolve("v1", { document: true }), (error: Error) => {
            assert.ok(GantryError.is(error, code), String(error));
            assert.ok(error.message.length < 2000);
            assert.doesNotMatch(error.message, /<html/);
            return true;
          });
        });
      }
    }
  });
});

describe("hosts, over a socket,", () => {
  it("are never spoken to without TLS unless they are of this machine (B41)", async () => {
    const script: Script = {
      "GET http://localhost/v2/app/manifests/v1": found,
      "GET https://far.test/v2/app/manifests/v1": { then: "reset", headers: { "content-length": "5" } },
    };
    await scripted(script, async ({ open, calls }) => {
      await open("localhost/app").resolve("v1", { document: true });
      await rejects(open("far.test/app").resolve("v1", { document: true }), "unavailable");
      assert.ok(!calls().some((call) => call.includes("http://far.test")));
    }, { retry: { retries: 0 } });
  });
});
