import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake, type Reply, type Seen } from "./fake.ts";
import {
  at,
  big,
  bytes,
  created,
  head,
  headLarge,
  large,
  largeDigest,
  missing,
  post,
  put,
  small,
} from "./upload_replies.ts";

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

  it("that is aborted keeps the pieces that have arrived", async () => {
    locations.clear();
    const server = kept();
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    const parts = [bytes.slice(0, 7), bytes.slice(7, 10)];
    const stalling = new ReadableStream<Bytes>({
      pull(controller) {
        const part = parts.shift();
        if (part) return controller.enqueue(part);
        setTimeout(() => abort.abort(reason), 5);
        return new Promise(() => {});
      },
    }, { highWaterMark: 0 });
    const { app } = fake(server.script, { sessions, pieceSize: 7 });
    const writing = app.write({ ...small(), open: () => Promise.resolve(stalling) }, {
      session: "s",
      signal: abort.signal,
    });
    await assert.rejects(writing, reason);
    assert.deepEqual(server.bytes(), bytes.slice(0, 7));
    assert.equal(locations.get(key), "https://reg.test/u?at=7");
  });

  const file = () => Promise.resolve("/blob");

  it("for a file sends it as it is read, and may send it again", async () => {
    locations.clear();
    const script = {
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": [{ status: 401, headers: { "www-authenticate": "Basic" } }, { status: 202 }],
      [put("/u", largeDigest)]: created,
    };
    const credentials = () => Promise.resolve({ username: "me", password: "secret" });
    const { app, seen, calls } = fake(script, { sessions, credentials });
    await app.write({ ...big(), file }, { session: "s" });
    assert.deepEqual(calls(), [headLarge, post, "PATCH /u", "PATCH /u", put("/u", largeDigest)]);
    assert.ok(Buffer.from(seen[3]!.body).equals(large));
    assert.equal(seen[3]!.headers.get("content-range"), `0-${large.byteLength - 1}`);
    assert.equal(locations.size, 0);
  });

  it("for a file goes on by itself when the connection breaks", async () => {
    locations.clear();
    const { app, seen, slept } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": [{ fails: new TypeError("reset") }, { status: 202 }],
      "GET /u": { status: 204, headers: { range: "0-999" } },
      [put("/u", largeDigest)]: created,
    }, { sessions });
    await app.write({ ...big(), file }, { session: "s" });
    const [, again] = seen.filter(({ method }) => method === "PATCH");
    assert.equal(again!.headers.get("content-range"), `1000-${large.byteLength - 1}`);
    assert.ok(Buffer.from(again!.body).equals(large.subarray(1000)));
    assert.equal(slept.length, 1);
  });

  it("for a file is given up after a few tries that bring nothing", async () => {
    locations.clear();
    const { app, calls } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { fails: new TypeError("reset") },
      "GET /u": { status: 204, headers: { range: "0-999" } },
    }, { sessions });
    await rejects(app.write({ ...big(), file }, { session: "s" }), "unavailable");
    // The first try that the registry has got something of does not count.
    assert.equal(calls().filter((call) => call === "PATCH /u").length, 5);
    assert.equal(locations.size, 1);
  });

  it("for a file with other bytes ends, and nothing is there", async () => {
    locations.clear();
    const { app, calls } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 202 },
      "DELETE /u": { status: 204 },
    }, { sessions });
    const open = () => Promise.resolve(new Blob([large.slice().fill(1, 7, 9)]).stream());
    await rejects(app.write({ ...big(), file, open }, { session: "s" }), "digest-mismatch");
    assert.equal(calls().at(-1), "DELETE /u");
    assert.equal(locations.size, 0);
  });

  it("for a file obeys a registry that wants smaller pieces", async () => {
    locations.clear();
    const { app, seen } = fake({
      [headLarge]: missing,
      [post]: at("/u"),
      "PATCH /u": ({ body }) => body.byteLength > 4 << 20 ? { status: 413 } : { status: 202 },
      "GET /u": { status: 404 },
      "DELETE /u": { status: 204 },
      [put("/u", largeDigest)]: created,
    }, { sessions });
    await app.write({ ...big(), file }, { session: "s" });
    const sizes = seen.filter(({ method }) => method === "PATCH").map(({ body }) => body.byteLength);
    assert.deepEqual(sizes, [large.byteLength, 4 << 20, 4 << 20, 4 << 20, 4 << 20, 5]);
  });
});
