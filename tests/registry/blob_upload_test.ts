import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake, type Seen } from "./fake.ts";
import {
  at,
  big,
  bytes,
  created,
  digest,
  head,
  headLarge,
  known,
  large,
  largeDigest,
  missing,
  post,
  put,
  small,
} from "./upload_replies.ts";

describe("uploading a blob", () => {
  it("of few bytes takes a POST and a PUT", async () => {
    const { app, calls, seen } = fake({ [head]: missing, [post]: at("/u/1"), [put("/u/1")]: created });
    assert.deepEqual(await app.write(small()), {
      descriptor: { mediaType: "application/octet-stream", digest, size: bytes.byteLength },
      how: "written",
    });
    assert.deepEqual(calls(), [head, post, put("/u/1")]);
    assert.deepEqual(seen[2]!.body, bytes);
  });

  it("of up to 16 MiB streams one PUT, also in a session", async () => {
    const medium = known(large.slice(0, 2 << 20), await digestBytes(large.slice(0, 2 << 20)));
    for (const session of [undefined, "s"]) {
      const { app, calls, seen } = fake({
        [`HEAD /v2/app/blobs/${medium.digest}`]: missing,
        [post]: at("/u/1"),
        [put("/u/1", medium.digest!)]: created,
      });
      await app.write(medium, { session });
      assert.equal(calls().length, 3);
      assert.equal(seen[2]!.body.byteLength, 2 << 20);
    }
  });

  it("to a repository that is not there looks for no blob", async () => {
    const unknown = { status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' };
    for (
      const [reply, heads] of [[unknown, 0], [{ status: 200, body: '{"tags":[]}' }, 1], [missing, 1], [{
        fails: new TypeError("reset"),
      }, 1]] as const
    ) {
      const { app, calls } = fake({
        "HEAD /v2/app/manifests/v1": missing,
        "GET /v2/app/tags/list?n=1": reply,
        [head]: missing,
        [post]: at("/u/1"),
        [put("/u/1")]: created,
      });
      await rejects(app.resolve("v1"), "not-found");
      await app.write(small());
      assert.equal(calls().filter((call) => call === head).length, heads);
    }
  });

  it("of more bytes, or who knows how many, streams one PATCH", async () => {
    const script = {
      [headLarge]: missing,
      [post]: at("/u/1"),
      "PATCH /u/1": at("/u/2"),
      [put("/u/2", largeDigest)]: created,
    };
    const { app, calls, seen } = fake(script);
    await app.write(big());
    assert.deepEqual(calls(), [headLarge, post, "PATCH /u/1", put("/u/2", largeDigest)]);
    assert.ok(Buffer.from(seen[2]!.body).equals(large));
    assert.equal(seen[2]!.headers.get("content-range"), null);
    assert.equal(seen[3]!.body.byteLength, 0);
    const unknown = fake(script);
    const { descriptor } = await unknown.app.write({
      ...big(),
      digest: undefined,
      size: undefined,
      replayable: false,
    });
    assert.deepEqual(descriptor, {
      mediaType: "application/octet-stream",
      digest: largeDigest,
      size: large.byteLength,
    });
  });

  it("in pieces says where each belongs", async () => {
    const { app, seen } = fake({
      [head]: missing,
      [post]: at("/u/0"),
      "PATCH /u/0": at("/u/1"),
      "PATCH /u/1": { status: 201 },
      [put("/u/1")]: created,
    }, { pieceSize: 6 });
    await app.write(small());
    const patches = seen.filter(({ method }) => method === "PATCH");
    assert.deepEqual(patches.map(({ headers }) => headers.get("content-range")), ["0-5", "6-11", "12-14"]);
    assert.deepEqual(patches.map(({ body }) => body.byteLength), [6, 6, 3]);
  });

  it("in pieces takes larger ones where the registry says so", async () => {
    const { app, seen } = fake({
      [head]: missing,
      [post]: { status: 202, headers: { location: "/u/0", "oci-chunk-min-length": "10" } },
      "PATCH /u/0": { status: 202 },
      [put("/u/0")]: created,
    }, { pieceSize: 6 });
    await app.write(small());
    assert.deepEqual(seen.filter(({ method }) => method === "PATCH").map(({ body }) => body.byteLength), [
      10,
      5,
    ]);
  });

  it("that is empty sends nothing but its digest", async () => {
    const nothing = new Uint8Array(0);
    const name = await digestBytes(nothing);
    for (const pieceSize of [undefined, 6]) {
      const { app } = fake({
        [`HEAD /v2/app/blobs/${name}`]: missing,
        [post]: at("/u"),
        [put("/u", name)]: created,
      }, { pieceSize });
      assert.equal((await app.write(known(nothing, name))).descriptor.size, 0);
    }
  });
});

describe("an upload that fails", () => {
  it("begins anew with a new POST, when its content can be read again", async () => {
    const { app, calls, slept } = fake({
      [headLarge]: missing,
      [post]: [at("/u/1"), at("/u/2")],
      "PATCH /u/1": { status: 503 },
      "DELETE /u/1": { status: 204 },
      "PATCH /u/2": { status: 202 },
      [put("/u/2", largeDigest)]: created,
    });
    await app.write(big());
    assert.deepEqual(calls(), [
      headLarge,
      post,
      "PATCH /u/1",
      "DELETE /u/1",
      post,
      "PATCH /u/2",
      put("/u/2", largeDigest),
    ]);
    assert.equal(slept.length, 1);
  });

  it("of few bytes begins anew even when they can be read only once", async () => {
    const { app } = fake({
      [head]: missing,
      [post]: [at("/u/1"), at("/u/2")],
      [put("/u/1")]: { status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' },
      "DELETE /u/1": missing,
      [put("/u/2")]: created,
    });
    await app.write({ ...small(), replayable: false });
  });

  it("fails when its content can be read only once", async () => {
    const { app } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 503 },
      "DELETE /u": { status: 204 },
    });
    await rejects(app.write({ ...big(), replayable: false }), "unavailable");
  });

  it("is given up after a few tries", async () => {
    const { app, calls } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 502 },
      "DELETE /u": { status: 404 },
    });
    await rejects(app.write(big()), "unavailable");
    assert.equal(calls().filter((call) => call === "PATCH /u").length, 4);
  });

  it("because it was forgotten begins anew", async () => {
    for (
      const [status, code] of [[404, "BLOB_UPLOAD_UNKNOWN"], [400, "BLOB_UPLOAD_INVALID"], [416, ""]] as const
    ) {
      const lost = { status, body: JSON.stringify({ errors: [{ code }] }) };
      const { app } = fake({
        [headLarge]: missing,
        [post]: [at("/u/1"), at("/u/2")],
        "PATCH /u/1": lost,
        "DELETE /u/1": missing,
        "PATCH /u/2": { status: 202 },
        [put("/u/2", largeDigest)]: created,
      });
      await app.write(big());
    }
  });

  it("because it is too large goes in pieces", async () => {
    for (const status of [413, 411, 416]) {
      const { app, seen } = fake({
        [headLarge]: missing,
        [post]: [at("/u/1"), at("/u/2")],
        "PATCH /u/1": { status, body: "<html>" },
        "DELETE /u/1": { status: 204 },
        "PATCH /u/2": { status: 202 },
        [put("/u/2", largeDigest)]: created,
      });
      await app.write(big());
      const ranges = seen.slice(5, -1).map(({ headers }) => headers.get("content-range"));
      assert.deepEqual(ranges.slice(0, 2), ["0-4194303", "4194304-8388607"]);
      assert.equal(ranges.at(-1), `16777216-${large.byteLength - 1}`);
    }
    const { app, calls } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 413 },
      "DELETE /u": { status: 204 },
    });
    await rejects(app.write(big()), "too-large");
    assert.equal(calls().filter((call) => call === "PATCH /u").length, 3);
  });

  it("because it is too large is not tried in large pieces there again", async () => {
    const most = 1 << 20;
    const upload = ({ body }: Seen) => body.byteLength > most ? { status: 413 } : { status: 202 };
    const medium = known(large.slice(0, 2 << 20), await digestBytes(large.slice(0, 2 << 20)));
    const little = known(large.slice(0, 600_000), await digestBytes(large.slice(0, 600_000)));
    const { app, open, calls, seen } = fake({
      [headLarge]: missing,
      [`HEAD /v2/app/blobs/${medium.digest}`]: missing,
      [`HEAD /v2/other/blobs/${little.digest}`]: missing,
      [post]: at("/u"),
      "POST /v2/other/blobs/uploads/": at("/u"),
      "PATCH /u": upload,
      "DELETE /u": { status: 204 },
      [put("/u", largeDigest)]: created,
      [put("/u", medium.digest)]: created,
      [put("/u", little.digest)]: created,
    });
    await app.write(big());
    assert.equal(calls().filter((call) => call === post).length, 3);
    seen.length = 0;
    await app.write(medium);
    assert.deepEqual(seen.map(({ body }) => body.byteLength), [
      0,
      0,
      512 << 10,
      512 << 10,
      512 << 10,
      512 << 10,
      0,
    ]);
    seen.length = 0;
    await open("reg.test/other").write(little);
    assert.deepEqual(seen.map(({ body }) => body.byteLength), [0, 0, 512 << 10, 600_000 - (512 << 10), 0]);
  });

  it("sends its bytes a handful of times at most, whatever is answered", async () => {
    for (
      const content of [
        small(),
        known(large.slice(0, 2 << 20), await digestBytes(large.slice(0, 2 << 20))),
        big(),
      ]
    ) {
      for (const status of [500, 416, 429, 401, 307]) {
        let sent = 0;
        const { app } = fake(
          new Proxy({}, {
            get: (_, call: string) => ({ body }: Seen) => {
              if (call.startsWith("HEAD")) return missing;
              if (call === post) return at("/u");
              if (call === "GET /v2/") return {};
              if (body.byteLength === 0) return call.startsWith("DELETE") ? { status: 204 } : created;
              sent++;
              return { status, headers: { location: "/u?more" } };
            },
          }),
        );
        await rejects(app.write(content), [
          "unavailable",
          "conflict",
          "rate-limited",
          "unauthorized",
          "too-large",
        ]);
        assert.ok(sent >= 1 && sent <= 5, `${content.size} bytes sent ${sent} times to ${status}`);
      }
    }
  });

  it("at whose end the connection broke may have succeeded", async () => {
    const medium = known(large.slice(0, 2 << 20), await digestBytes(large.slice(0, 2 << 20)));
    const head = `HEAD /v2/app/blobs/${medium.digest}`;
    const { app, calls } = fake({
      [head]: [missing, {}],
      [post]: at("/u"),
      [put("/u", medium.digest)]: { fails: new TypeError("reset") },
    });
    await app.write(medium);
    assert.deepEqual(calls(), [head, post, put("/u", medium.digest), head]);
  });

  it("for good tells why and is given up", async () => {
    const body = '{"errors":[{"code":"DENIED","message":"quota exceeded"}]}';
    const { app, calls } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 403, body },
      "DELETE /u": { status: 204 },
    });
    await rejects(app.write(big()), "denied", /^write a blob to reg\.test\/app: 403 DENIED: quota exceeded/);
    assert.equal(calls().at(-1), "DELETE /u");
  });

  it("because its content fails passes the reason on", async () => {
    const reason = new Error("the cable was cut");
    const { app, calls } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 202 },
      "DELETE /u": { status: 204 },
    });
    const open = () =>
      Promise.resolve(new ReadableStream<Bytes>({ pull: (controller) => controller.error(reason) }));
    await assert.rejects(app.write({ ...big(), open }), reason);
    assert.deepEqual(calls().at(-1), "DELETE /u");
    await assert.rejects(app.write({ ...big(), open: () => Promise.reject(reason) }), reason);
  });

  it("because the answer came too early does not count", async () => {
    const { open } = fake({}, {
      transport: (request) =>
        Promise.resolve(
          request.method === "POST" || request.method === "PATCH"
            ? new Response(null, { status: 202, headers: { location: "/u" } })
            : new Response(null, { status: 404 }),
        ),
      retry: { retries: 0 },
    });
    await rejects(open("reg.test/app").write(big()), "unavailable", /before all was sent/);
  });
});
