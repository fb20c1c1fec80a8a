import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestBytes } from "../../src/digest/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake } from "./fake.ts";
import {
  at,
  bytes,
  created,
  type digest,
  head,
  known,
  largeDigest,
  missing,
  post,
  put,
  small,
} from "./upload_replies.ts";

describe("an upload", () => {
  it("tells a registry which algorithm its digest has", async () => {
    const sha512 = await digestBytes(bytes, "sha512");
    const { app } = fake({
      [`HEAD /v2/app/blobs/${sha512}`]: missing,
      [`${post}?digest-algorithm=sha512`]: at("/u"),
      [put("/u", sha512)]: created,
    });
    await app.write(known(bytes, sha512 as typeof digest));
  });

  it("goes on wherever the registry says, in all the ways to say it", async () => {
    const ways: [string, string][] = [
      ["https://reg.test/u/1?_state=a%2Bb+c&x=%20y", "/u/1?_state=a%2Bb+c&x=%20y"],
      ["/u/1", "/u/1"],
      ["../x", "/v2/app/blobs/x"],
      ["?id=1", "/v2/app/blobs/uploads/?id=1"],
      ["//reg.test/u", "/u"],
      ["reg.test/v2/u", "/v2/u"],
      ["http://reg.test/u", "/u"],
      ["https://store.test/u?sig=%2F", "https://store.test/u?sig=%2F"],
    ];
    for (const [location, url] of ways) {
      const { app } = fake({ [head]: missing, [post]: at(location), [put(url)]: created });
      await app.write(small());
    }
    for (const location of ["https://10.0.0.1/u", "http://other.test/u", "ftp://reg.test/u"]) {
      await rejects(fake({ [head]: missing, [post]: at(location) }).app.write(small()), "denied");
    }
    await rejects(fake({ [head]: missing, [post]: { status: 202 } }).app.write(small()), "invalid-document");
  });

  it("elsewhere carries no credentials there", async () => {
    const { app, seen } = fake({
      [head]: [{ status: 401, headers: { "www-authenticate": "Basic" } }, missing],
      [post]: at("https://store.test/u"),
      [put("https://store.test/u")]: created,
    }, { credentials: () => Promise.resolve({ username: "me", password: "x" }) });
    await app.write(small());
    assert.deepEqual(seen.map(({ headers }) => headers.has("authorization")), [false, true, true, false]);
  });

  it("does not care where the registry says that the blob is now", async () => {
    const reply = { status: 201, headers: { location: "http://10.0.0.1:5000/v2/app/blobs/x" } };
    await fake({ [head]: missing, [post]: at("/u"), [put("/u")]: reply }).app.write(small());
  });

  it("takes any good status, but no other digest", async () => {
    for (const status of [200, 201, 202, 204]) {
      await fake({ [head]: missing, [post]: at("/u"), [put("/u")]: { status } }).app.write(small());
    }
    const reply = { status: 201, headers: { "docker-content-digest": largeDigest } };
    const { app } = fake({
      [head]: missing,
      [post]: at("/u"),
      [put("/u")]: reply,
      "DELETE /u": { status: 204 },
    });
    await rejects(app.write(small()), "digest-mismatch", /the registry says it is/);
  });
});

describe("an upload that fails", () => {
  it("at its end may have succeeded", async () => {
    const { app } = fake({
      [head]: [missing, { headers: { "content-length": "15" } }],
      [post]: at("/u"),
      [put("/u")]: [{ fails: new TypeError("reset") }, { status: 404 }],
    });
    assert.equal((await app.write(small())).how, "written");
  });

  it("when its piece was not answered asks how far it has come", async () => {
    const { app, calls } = fake({
      [head]: missing,
      [post]: at("/u"),
      "PATCH /u": [{ fails: new TypeError("reset") }, { status: 416 }, { status: 202 }],
      "GET /u": { status: 204, headers: { range: "0-9", location: "/u" } },
      [put("/u")]: created,
    }, { pieceSize: 10 });
    await app.write(small());
    assert.deepEqual(calls(), [head, post, "PATCH /u", "PATCH /u", "GET /u", "PATCH /u", put("/u")]);
  });
});
