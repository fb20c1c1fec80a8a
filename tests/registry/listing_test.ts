import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { fake, type Reply } from "./fake.ts";
import { rejects } from "../../src/testing/errors.ts";
import { collect } from "../../src/testing/collect.ts";

const first = "GET /v2/app/tags/list?n=1000";
const page = (tags: unknown, next?: string): Reply => ({
  body: JSON.stringify({ name: "app", tags }),
  headers: next === undefined ? {} : { link: `<${next}>; rel="next"` },
});

describe("tags", () => {
  it("may be none, and what is no tag is left out", async () => {
    for (const body of [null, [], undefined]) {
      assert.deepEqual(await collect(fake({ [first]: page(body) }).app.names()), []);
    }
    assert.deepEqual(await collect(fake({ [first]: page([1, "ok", null, "../x", "a b"]) }).app.names()), [
      "ok",
    ]);
    await rejects(collect(fake({ [first]: page("x") }).app.names()), "invalid-document");
    await rejects(collect(fake({ [first]: { body: "<html>" } }).app.names()), "invalid-document");
  });

  it("are asked for without a number where the registry wants none", async () => {
    const body = '{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}';
    const { app } = fake({ [first]: { status: 400, body }, "GET /v2/app/tags/list": page(["a"]) });
    assert.deepEqual(await collect(app.names()), ["a"]);
  });

  it("of a repository that is not there are not-found", async () => {
    const body = '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}';
    const { app } = fake({ [first]: { status: 404, body } });
    await rejects(
      collect(app.names()),
      "not-found",
      /^list the tags of reg\.test\/app: 404 NAME_UNKNOWN: repository/,
    );
  });
});

describe("repositories", () => {
  it("are listed with leave for the catalogue", async () => {
    const { open, calls } = fake({
      "GET /v2/_catalog?n=1000": [
        { status: 401, headers: { "www-authenticate": 'Bearer realm="/t"' } },
        { body: '{"repositories":["a","b/c","../x"]}' },
      ],
      "GET /t?scope=registry%3Acatalog%3A*": { body: '{"token":"t"}' },
    });
    assert.deepEqual(await collect(open.catalog("reg.test")), ["a", "b/c"]);
    assert.equal(calls().length, 3);
    assert.throws(() => open.catalog("not a host"), (error) => GantryError.is(error, "invalid-name"));
  });

  it("that a registry keeps to itself are an error that says so", async () => {
    const kept: [number, ErrorCode][] = [[401, "unauthorized"], [403, "denied"], [404, "not-found"], [
      405,
      "unsupported",
    ]];
    for (const [status, code] of kept) {
      const { open } = fake({ "GET /v2/_catalog?n=1000": { status }, "GET /v2/": {} });
      await rejects(collect(open.catalog("reg.test")), code);
    }
  });
});
