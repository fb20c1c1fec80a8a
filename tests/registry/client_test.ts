import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake, type Reply } from "./fake.ts";

const get = "GET /v2/app/manifests/v1";
const found: Reply = {
  headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
  body: '{"schemaVersion":2,"manifests":[]}',
};

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

  it("is tried again when the registry says so, or never where that is too late", async () => {
    for (const [status, after] of [[429, "3"], [503, "Tue, 14 Nov 2023 22:13:23 GMT"]] as const) {
      const { app, slept } = fake({ [get]: [{ status, headers: { "retry-after": after } }, found] });
      await app.resolve("v1", { document: true });
      assert.deepEqual(slept, [3250], after);
    }
    const { app, seen, slept } = fake({ [get]: { status: 429, headers: { "retry-after": "3600" } } });
    await rejects(
      app.resolve("v1", { document: true }),
      "rate-limited",
      /^resolve reg\.test\/app:v1: 429 rate-limited \(to be tried again in 3600 s\)$/,
    );
    assert.deepEqual([seen.length, slept], [1, []]);
  });

  it("is given up when all tries together take too long", async () => {
    const { app, seen, clock } = fake({
      [get]: () => {
        clock.now += 29_000;
        return { fails: new TypeError("terminated") };
      },
    }, { retry: { retries: 100 } });
    await rejects(app.resolve("v1", { document: true }), "unavailable");
    assert.equal(seen.length, 3, "the fourth would end after more than 90 s");
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
        "resolve reg.test/app:v1: no answer from reg.test: the connection is refused",
      );
      assert.deepEqual(error.cause, { host: "reg.test", reason: "refused", error: fails });
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

describe("one client", () => {
  it("lets each host answer so many requests at once", async () => {
    let [now, most] = [0, 0];
    const { open } = fake({}, {
      concurrency: 3,
      transport: async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
        return new Response('{"tags":[]}');
      },
    });
    const lists = Array.from({ length: 20 }, async (_, i) => {
      for await (const _ of open(`reg.test/${i}`).names());
    });
    await Promise.all(lists);
    assert.equal(most, 3);
    most = 0;
    await Promise.all(["a.test", "b.test"].flatMap((host) =>
      Array.from({ length: 9 }, async (_, i) => {
        for await (const _ of open(`${host}/${i}`).names());
      })
    ));
    assert.equal(most, 6);
  });

  it("tells each warning of a host once (B50)", async () => {
    const told: object[] = [];
    const { app } = fake(
      { [get]: { ...found, headers: { ...found.headers, warning: '299 - "old", 299 - "very old"' } } },
      { warn: (warning) => told.push(warning) },
    );
    for (let i = 0; i < 3; i++) await app.resolve("v1", { document: true });
    assert.deepEqual(told, [{ host: "reg.test", text: "old" }, { host: "reg.test", text: "very old" }]);
  });
});
