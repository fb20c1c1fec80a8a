import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import type { RegistryError } from "../../src/registry/mod.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { fake, type Reply } from "./fake.ts";

const get = "GET /v2/app/manifests/v1";

async function refusedWith(reply: Reply): Promise<GantryError> {
  try {
    await fake({ [get]: reply, "GET /v2/": {} }).app.resolve("v1", { document: true });
  } catch (error) {
    assert.ok(GantryError.is(error));
    return error;
  }
  assert.fail("it was not refused");
}

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
    assert.deepEqual(cause satisfies unknown as RegistryError, {
      status: 404,
      codes: ["MANIFEST_UNKNOWN"],
      digests: [],
      host: "reg.test",
    });
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
