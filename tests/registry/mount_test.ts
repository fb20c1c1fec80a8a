import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Origin } from "../../src/content/contracts.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake } from "./fake.ts";
import {
  at,
  big,
  created,
  digest,
  head,
  headLarge,
  largeDigest,
  list,
  missing,
  post,
  put,
  small,
} from "./upload_replies.ts";

describe("mounting", () => {
  const from = (repository: string, registry = "reg.test"): Origin => ({ registry, repository });
  const mount = (repository: string) => `${post}?mount=${digest}&from=${encodeURIComponent(repository)}`;
  const untouched = { ...small(), open: () => assert.fail("it was opened") };

  it("takes the blob from another repository of the same registry", async () => {
    const { app, calls } = fake({ [head]: missing, [mount("base/os")]: created });
    const origins = list(from("a", "other.test"), from("app"), from("../x"), from("base/os"));
    const written = await app.write(untouched, { origins });
    assert.deepEqual(written, {
      descriptor: { mediaType: "application/octet-stream", digest, size: 15 },
      how: "mounted",
    });
    assert.deepEqual(calls(), [head, mount("base/os")]);
  });

  it("that is declined becomes the upload", async () => {
    const { app, calls } = fake({ [head]: missing, [mount("a")]: at("/u"), [put("/u")]: created });
    assert.equal((await app.write(small(), { origins: list(from("a")) })).how, "written");
    assert.deepEqual(calls(), [head, mount("a"), put("/u")]);
  });

  it("that fails in any way is followed by an upload", async () => {
    for (
      const reply of [{ status: 401 }, { status: 403 }, { status: 404 }, { status: 405 }, { status: 500 }, {
        fails: new TypeError("reset"),
      }, at("http://other.test/u")]
    ) {
      const { app } = fake({
        [head]: missing,
        [mount("a")]: reply,
        [post]: at("/u"),
        [put("/u")]: created,
        "GET /v2/": {},
      });
      assert.equal((await app.write(small(), { origins: list(from("a")) })).how, "written");
    }
  });

  it("into a repository that is not there does not look first, and a large blob not until it is declined", async () => {
    const unknown = {
      "HEAD /v2/app/manifests/v1": missing,
      "GET /v2/app/tags/list?n=1": { status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' },
    };
    const mountLarge = mount("a").replace(digest, largeDigest);
    const cases = [
      [created, missing, "mounted", [mountLarge]],
      [at("/u"), missing, "written", [mountLarge, headLarge, "PATCH /u", put("/u", largeDigest)]],
      [at("/u"), {}, "present", [mountLarge, headLarge, "DELETE /u"]],
    ] as const;
    for (const [reply, there, how, requests] of cases) {
      const { app, calls } = fake({
        ...unknown,
        [mountLarge]: reply,
        [headLarge]: there,
        "PATCH /u": { status: 202 },
        [put("/u", largeDigest)]: created,
        "DELETE /u": { status: 204 },
      });
      await rejects(app.resolve("v1"), "not-found");
      assert.equal((await app.write(big(), { origins: list(from("a")) })).how, how);
      assert.deepEqual(calls().slice(2), requests);
    }
  });

  it("is tried from a few repositories, and what was begun meanwhile is given up", async () => {
    const { app, calls } = fake({
      [head]: missing,
      [mount("a")]: at("/u/1"),
      "DELETE /u/1": { status: 204 },
      [mount("b")]: created,
    });
    assert.equal((await app.write(untouched, { origins: list(from("a"), from("b")) })).how, "mounted");
    assert.deepEqual(calls(), [head, mount("a"), "DELETE /u/1", mount("b")]);
  });

  it("asks for leave on both repositories, the target first", async () => {
    const { app, calls } = fake({
      [head]: missing,
      [mount("a")]: [{ status: 401, headers: { "www-authenticate": 'Bearer realm="/t"' } }, created],
      "GET /t?scope=repository%3Aapp%3Apull%2Cpush&scope=repository%3Aa%3Apull": { body: '{"token":"t"}' },
    });
    await app.write(untouched, { origins: list(from("a")) });
    assert.equal(calls().length, 4);
  });
});
