import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import type { Origin } from "../../src/content/contracts.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { contentOf, fake, type Reply, type Seen } from "./fake.ts";
import { rejects } from "../support/errors.ts";

const bytes = utf8("hello, registry");
const digest = await digestBytes(bytes);
const large = Uint8Array.from({ length: (2 << 20) + 5 }, (_, i) => i % 251);
const largeDigest = await digestBytes(large);
const post = "POST /v2/app/blobs/uploads/";
const head = `HEAD /v2/app/blobs/${digest}`;
const headLarge = `HEAD /v2/app/blobs/${largeDigest}`;
const at = (location: string): Reply => ({ status: 202, headers: { location } });
const missing: Reply = { status: 404 };
const created: Reply = { status: 201 };
const put = (url: string, name = digest) =>
  `PUT ${url}${url.includes("?") ? "&" : "?"}digest=${encodeURIComponent(name)}`;
const known = (content: Bytes, name: typeof digest) => contentOf(content, { digest: name });
const small = () => known(bytes, digest);
const big = () => known(large, largeDigest);

async function* list<T>(...items: T[]): AsyncGenerator<T, void, void> {
  yield* items;
}

describe("writing a blob", () => {
  it("of few bytes takes a POST and a PUT", async () => {
    const { app, calls, seen } = fake({ [head]: missing, [post]: at("/u/1"), [put("/u/1")]: created });
    assert.deepEqual(await app.write(small()), {
      descriptor: { mediaType: "application/octet-stream", digest, size: bytes.byteLength },
      how: "written",
    });
    assert.deepEqual(calls(), [head, post, put("/u/1")]);
    assert.deepEqual(seen[2]!.body, bytes);
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

  it("that is there reads nothing", async () => {
    const { app, calls } = fake({ [head]: { headers: { "content-length": "15" } } });
    const content = { ...small(), size: undefined, open: () => assert.fail("it was opened") };
    assert.deepEqual(await app.write(content), {
      descriptor: { mediaType: "application/octet-stream", digest, size: 15 },
      how: "present",
    });
    assert.deepEqual(calls(), [head]);
  });

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

describe("content that is not what it says", () => {
  it("never becomes a blob, and the upload is given up", async () => {
    const lies: [object, ErrorCode][] = [
      [{ digest }, "digest-mismatch"],
      [{ size: large.byteLength + 1 }, "size-mismatch"],
      [{ size: large.byteLength - 1 }, "size-mismatch"],
      [{ size: large.byteLength - 1, digest: undefined }, "size-mismatch"],
      [{ size: undefined, digest }, "digest-mismatch"],
    ];
    for (const [lie, code] of lies) {
      for (const pieceSize of [undefined, 1 << 20]) {
        const { app, calls } = fake({
          [head]: missing,
          [headLarge]: missing,
          [post]: at("/u"),
          "PATCH /u": { status: 202 },
          "DELETE /u": { status: 204 },
        }, { pieceSize });
        await rejects(app.write({ ...big(), ...lie }), code);
        assert.equal(calls().at(-1), "DELETE /u");
        assert.ok(!calls().some((call) => call.startsWith("PUT")));
      }
    }
  });

  it("and small is not even begun", async () => {
    const { app, calls } = fake({ [headLarge]: missing });
    await rejects(app.write({ ...small(), digest: largeDigest }), "digest-mismatch");
    assert.deepEqual(calls(), [headLarge]);
  });
});

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
      assert.equal(seen.at(-2)!.headers.get("content-range"), `0-${large.byteLength - 1}`);
    }
    const { app, calls } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 413 },
      "DELETE /u": { status: 204 },
    });
    await rejects(app.write(big()), "too-large");
    assert.equal(calls().filter((call) => call === "PATCH /u").length, 2);
  });

  it("at its end may have succeeded", async () => {
    const { app } = fake({
      [head]: [missing, { headers: { "content-length": "15" } }],
      [post]: at("/u"),
      [put("/u")]: [{ fails: new TypeError("reset") }, { status: 404 }],
    });
    assert.equal((await app.write(small())).how, "written");
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
      limits: { retries: 0 },
    });
    await rejects(open("reg.test/app").write(big()), "unavailable", /before all was sent/);
  });
});

describe("a session", () => {
  const locations = new Map<string, string>();
  const sessions = {
    get: (key: string) => Promise.resolve(locations.get(key)),
    set: (key: string, value: string) => Promise.resolve(void locations.set(key, value)),
    delete: (key: string) => Promise.resolve(void locations.delete(key)),
  };
  const key = "reg.test/app#s";
  /** An upload at /u that keeps what it gets. */
  function kept(had: Bytes = new Uint8Array(0)) {
    let all = had;
    const add = ({ body, headers }: Seen): Reply => {
      const range = headers.get("content-range");
      if (range && !range.startsWith(`${all.byteLength}-`)) return { status: 416 };
      all = Uint8Array.from([...all, ...body]);
      return { status: 202, headers: { location: `/u?at=${all.byteLength}` } };
    };
    const state = (): Reply => ({ status: 204, headers: { range: `0-${all.byteLength - 1}` } });
    const script = new Proxy({}, {
      get(_, call: string) {
        const [method, url] = call.split(" ") as [string, string];
        if (method === "HEAD") return missing;
        if (method === "POST") return at("/u?at=0");
        if (url === `/u?at=${all.byteLength}` && method === "PATCH") return add;
        if (url.startsWith("/u?at=") && method === "GET") return state;
        return url.startsWith(`/u?at=${all.byteLength}&digest=`) ? created : { status: 404 };
      },
    });
    return { script, bytes: () => all };
  }

  it("remembers how far it came when the content breaks, and goes on there", async () => {
    const server = kept();
    const starts: (number | undefined)[] = [];
    const reason = new Error("the cable was cut");
    const broken = {
      ...small(),
      open: ({ start = 0 } = {}) => {
        starts.push(start);
        let given = false;
        return Promise.resolve(
          new ReadableStream<Bytes>({
            pull(controller) {
              if (given && starts.length === 1) return controller.error(reason);
              if (given) return controller.close();
              given = true;
              controller.enqueue(starts.length === 1 ? bytes.slice(0, 7) : bytes.slice(start));
            },
          }, { highWaterMark: 0 }),
        );
      },
    };
    const options = { sessions, pieceSize: 4 };
    await assert.rejects(fake(server.script, options).app.write(broken, { session: "s" }), reason);
    assert.equal(locations.get(key), "https://reg.test/u?at=7");
    const { app, calls } = fake(server.script, options);
    await app.write(broken, { session: "s" });
    assert.deepEqual(starts, [0, 7]);
    assert.deepEqual(server.bytes(), bytes);
    assert.equal(locations.get(key), undefined);
    assert.deepEqual(calls(), [head, "GET /u?at=7", "PATCH /u?at=7", "PATCH /u?at=11", put("/u?at=15")]);
  });

  it("asks nothing more when all was there but the end", async () => {
    locations.set(key, "https://reg.test/u?at=15");
    const { app, calls } = fake(kept(bytes).script, { sessions });
    await app.write({ ...small(), open: () => assert.fail("it was opened") }, { session: "s" });
    assert.deepEqual(calls(), [head, "GET /u?at=15", put("/u?at=15")]);
  });

  it("begins anew where the registry has lost it, or cannot tell", async () => {
    for (
      const reply of [
        { status: 404 },
        { status: 400 },
        { status: 204 },
        { status: 204, headers: { range: "0-0" } },
        { status: 204, headers: { range: "0--1" } },
        { status: 204, headers: { range: "x" } },
      ]
    ) {
      locations.set(key, "https://reg.test/old");
      const { app } = fake({
        [head]: missing,
        "GET /old": reply,
        "DELETE /old": { status: 204 },
        [post]: at("/u"),
        "PATCH /u": { status: 202 },
        [put("/u")]: created,
      }, { sessions });
      await app.write(small(), { session: "s" });
      assert.equal(locations.size, 0);
    }
  });

  it("that the registry has lost is not begun by those who only look for it", async () => {
    locations.set(key, "https://reg.test/old");
    const { app } = fake({ "GET /old": { status: 404 }, "DELETE /old": { status: 404 } }, { sessions });
    await rejects(app.ingest("s", { create: false }), "not-found");
    locations.set(key, "https://reg.test/old");
    const empty = fake({
      "GET /old": { status: 204, headers: { range: "0-0" } },
      "DELETE /old": { status: 204 },
      [post]: at("/u"),
    }, { sessions });
    assert.equal((await empty.app.ingest("s", { create: false })).offset, 0);
    locations.clear();
  });

  it("reads the range in the ways that registries write it", async () => {
    for (const range of ["0-6", "bytes=0-6"]) {
      locations.set(key, "https://reg.test/old");
      const { app, seen } = fake({
        [head]: missing,
        "GET /old": { status: 204, headers: { range } },
        "PATCH /old": { status: 202 },
        [put("/old")]: created,
      }, { sessions });
      await app.write(small(), { session: "s" });
      assert.equal(seen[2]!.headers.get("content-range"), "7-14");
    }
  });

  it("goes on by itself when the connection breaks", async () => {
    locations.set(key, "https://reg.test/u");
    const answers: Reply[] = [{ fails: new TypeError("reset") }, { status: 416 }, { status: 202 }];
    const { app, seen } = fake({
      [head]: missing,
      "GET /u": [{ status: 204, headers: { range: "0-3" } }, { status: 204, headers: { range: "0-5" } }],
      "PATCH /u": answers,
      [put("/u")]: created,
    }, { sessions });
    await app.write(small(), { session: "s" });
    const ranges = seen.filter(({ method }) => method === "PATCH").map(({ headers }) =>
      headers.get("content-range")
    );
    assert.deepEqual(ranges, ["4-14", "4-14", "6-14"]);
  });

  it("forgets what can never become the blob", async () => {
    locations.clear();
    const { app } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 202 },
      "DELETE /u": { status: 204 },
    }, { sessions });
    await rejects(app.write({ ...small(), digest: largeDigest }, { session: "s" }), "digest-mismatch");
    assert.equal(locations.size, 0);
  });

  it("ends when the blob is there by other means", async () => {
    locations.set(key, "https://reg.test/old");
    const { app } = fake({ [head]: { headers: { "content-length": "15" } } }, { sessions });
    assert.equal((await app.write(small(), { session: "s" })).how, "present");
    assert.equal(locations.size, 0);
  });

  it("cannot be named by its bytes when it was begun elsewhere", async () => {
    locations.set(key, "https://reg.test/u?at=15");
    const { app } = fake(kept(bytes).script, { sessions });
    const ingest = await app.ingest("s", { create: false });
    assert.equal(ingest.offset, 15);
    await rejects(ingest.commit(), "unsupported");
    await ingest.abort();
    await rejects(app.ingest("s", { create: false }), "not-found");
  });

  it("that is aborted lets the piece under way arrive, and keeps what came before", async () => {
    locations.clear();
    const server = kept();
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    let pulls = 0;
    const stalling = new ReadableStream<Bytes>({
      pull(controller) {
        if (pulls++ > 0) return new Promise(() => {});
        controller.enqueue(bytes.slice(0, 7));
        setTimeout(() => abort.abort(reason), 5);
      },
    }, { highWaterMark: 0 });
    const { app } = fake(server.script, { sessions });
    const writing = app.write({ ...small(), open: () => Promise.resolve(stalling) }, {
      session: "s",
      signal: abort.signal,
    });
    await assert.rejects(writing, reason);
    assert.deepEqual(server.bytes(), bytes.slice(0, 7));
    assert.equal(locations.get(key), "https://reg.test/u?at=7");
  });
});
