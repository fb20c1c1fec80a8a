import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import type { RegistryError } from "../../src/registry/mod.ts";
import { retryDelay } from "../../src/http/retry.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { fake, type Reply } from "../registry/fake.ts";

const get = "GET /v2/app/manifests/v1";
const found: Reply = {
  headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
  body: '{"schemaVersion":2,"manifests":[]}',
};

async function refusedWith(reply: Reply): Promise<GantryError> {
  try {
    await fake({ [get]: reply, "GET /v2/": {} }).app.resolve("v1", { document: true });
  } catch (error) {
    assert.ok(GantryError.is(error));
    return error;
  }
  assert.fail("it was not refused");
}

describe("what fails for the moment", () => {
  it("is tried again, three times", async () => {
    for (const status of [408, 429, 499, 500, 502, 503, 504, 522]) {
      const { app, seen, slept } = fake({ [get]: [{ status }, { status }, { status }, found] });
      await app.resolve("v1", { document: true });
      assert.equal(seen.length, 4);
      assert.deepEqual(slept, [500, 1000, 2000]);
      const never = fake({ [get]: { status } });
      const code: ErrorCode = status === 429 ? "rate-limited" : "unavailable";
      await assert.rejects(
        never.app.resolve("v1", { document: true }),
        (error) => GantryError.is(error, code),
      );
      assert.equal(never.seen.length, 4);
    }
  });

  it("is not tried again when it will stay so", async () => {
    for (const status of [400, 404, 405, 410, 418, 501, 505]) {
      const { app, seen } = fake({ [get]: { status } });
      await assert.rejects(app.resolve("v1", { document: true }));
      assert.equal(seen.length, 1, `${status}`);
    }
  });

  it("may be the connection", async () => {
    const fails = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
    const { app } = fake({ [get]: [{ fails }, found] });
    await app.resolve("v1", { document: true });
    const never = fake({ [get]: { fails } });
    await assert.rejects(never.app.resolve("v1", { document: true }), (error: Error) => {
      assert.equal(
        error.message,
        "resolve reg.test/app:v1: no answer from reg.test: connect ECONNREFUSED 127.0.0.1:1",
      );
      assert.equal(error.cause, fails);
      return GantryError.is(error, "unavailable");
    });
  });

  it("tells no signed address that a runtime puts into its message", async () => {
    const fails = new TypeError("error sending request for url (https://s3.test/x?X-Amz-Signature=abc)");
    const { app } = fake({ [get]: { fails } });
    await assert.rejects(app.resolve("v1", { document: true }), (error: Error) => {
      assert.doesNotMatch(JSON.stringify([error.message, String(error.cause)]), /abc/);
      return true;
    });
  });

  it("may be the token server", async () => {
    const { app, slept } = fake({
      [get]: [{ status: 401, headers: { "www-authenticate": 'Bearer realm="/t"' } }, found],
      "GET /t?scope=repository%3Aapp%3Apull": [{ status: 503 }, { status: 429 }, { body: '{"token":"t"}' }],
    });
    await app.resolve("v1", { document: true });
    assert.equal(slept.length, 2);
  });

  it("is left alone once the caller has lost interest", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    const { app, seen } = fake({
      [get]: () => {
        abort.abort(reason);
        return { status: 503 };
      },
    });
    await assert.rejects(app.resolve("v1", { document: true, signal: abort.signal }), reason);
    assert.equal(seen.length, 1);
  });
});

describe("the time until the next try", () => {
  const world = { now: () => Date.parse("2026-01-01T00:00:00Z"), random: () => 0.5 };
  const after = (value: string) => retryDelay(0, new Headers({ "retry-after": value }), world);

  it("doubles", () => {
    assert.deepEqual([0, 1, 2, 10].map((n) => retryDelay(n, undefined, world)), [500, 1000, 2000, 30_000]);
  });

  it("is what the server asks for, within reason", () => {
    assert.equal(after("3"), 3250);
    assert.equal(after("0"), 250);
    assert.equal(after("Thu, 01 Jan 2026 00:00:05 GMT"), 5250);
    for (const absurd of ["1000000000", "Fri, 01 Jan 2038 00:00:00 GMT"]) assert.equal(after(absurd), 60_250);
    for (const nonsense of ["-5", "soon", "", "1.5", "Thu, 01 Jan 1970 00:00:00 GMT", "1e3"]) {
      assert.equal(after(nonsense), 500);
    }
  });
});

describe("refusals", () => {
  it("are told with what the registry said, in whatever form", async () => {
    const forms: [string, RegExp][] = [
      ['{"errors":[{"code":"A","message":"b","detail":"c"},{"code":"D"}]}', /: 400 A: b; c; D$/],
      ['{"errors":[{"code":"A","detail":{"x":1}}]}', /: 400 A$/],
      ['{"errors":[]}', /: 400 invalid-document$/],
      ['{"errors":null,"details":"why"}', /: 400 why$/],
      ['{"message":"why"}', /: 400 why$/],
      ['{"errors":[null,1,{"code":{},"message":[]}]}', /: 400 invalid-document$/],
      ["<html><h1>Bad Request", /: 400 invalid-document$/],
      ["plain\nwords\u001b[0m", /: 400 plain words \[0m$/],
      ["", /: 400 invalid-document$/],
      ["null", /: 400 null$|: 400 invalid-document$/],
      [`{"errors":[{"code":"A","message":"${"x".repeat(100_000)}"}]}`, /: 400 A: x{300}…$/],
      ["y".repeat(500_000), /: 400 invalid-document$/],
    ];
    for (const [body, message] of forms) {
      assert.match((await refusedWith({ status: 400, body })).message, message);
    }
  });

  it("hold no secrets", async () => {
    const body =
      '{"errors":[{"code":"X","message":"Authorization: Bearer abcdef123456 at /x?token=hunter2&y=1"}]}';
    const { message } = await refusedWith({ status: 400, body });
    assert.doesNotMatch(message, /abcdef|hunter2/);
  });

  it("keep status and codes for programs", async () => {
    const { cause } = await refusedWith({ status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' });
    assert.deepEqual(cause satisfies unknown as RegistryError, { status: 404, codes: ["MANIFEST_UNKNOWN"] });
  });

  it("have the code of their status; the registry's tells apart what that leaves open", async () => {
    const codes: [number, string, ErrorCode][] = [
      [401, "DENIED", "unauthorized"],
      [403, "UNAUTHORIZED", "denied"],
      [404, "UNKNOWN", "not-found"],
      [405, "", "unsupported"],
      [409, "", "conflict"],
      [410, "", "not-found"],
      [413, "", "too-large"],
      [400, "UNSUPPORTED", "unsupported"],
      [400, "DIGEST_INVALID", "digest-mismatch"],
      [400, "SIZE_INVALID", "size-mismatch"],
      [400, "WHATEVER", "invalid-document"],
      [400, "constructor", "invalid-document"],
      [505, "NAME_UNKNOWN", "unavailable"],
      [302, "", "unavailable"],
    ];
    for (const [status, code, ours] of codes) {
      const error = await refusedWith({ status, body: JSON.stringify({ errors: [{ code }] }) });
      assert.equal(error.code, ours, `${status} ${code}`);
    }
  });
});

interface Case {
  rule: string;
  code: number;
  body?: string;
  errorBody?: string;
}

describe("refusals of other projects' tests", needsFixtures, () => {
  for (
    const { code, body, errorBody } of table<Case>("registry-errors").filter(({ rule }) => rule === "message")
  ) {
    it(`${code} ${errorBody ?? body}`, async () => {
      const { message, cause } = await refusedWith({ status: code, body: errorBody ?? body! });
      assert.equal((cause as RegistryError).status, code);
      const said = [...(errorBody ?? "").matchAll(/"(?:code|message|detail)":"([^"]*)"/g)].map(([, text]) =>
        text!
      );
      for (const text of said) assert.ok(message.includes(text), `${text} is missing in ${message}`);
    });
  }
});
