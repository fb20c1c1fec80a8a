import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAll, utf8 } from "../../src/bytes.ts";
import { RequestBody } from "../../src/http/request_body.ts";
import { Timeout } from "../../src/http/timeout.ts";
import { breaking, pieces, plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const hello = utf8("hello");

function bodyOf(open = () => Promise.resolve(pieces(hello, 2))): RequestBody {
  const timeout = new Timeout(undefined, () => new Error("late"));
  return new RequestBody(plainContent(hello, { open }), timeout, 10_000);
}

describe("content as the body of a request", () => {
  it("gives the bytes, and was sent once they are read to the end", async () => {
    const body = bodyOf();
    await rejects(
      body.requireSent("write x"),
      "unavailable",
      /^write x: the answer came before all was sent$/,
    );
    assert.deepEqual(await readAll(await body.content.open(), { limit: 10, what: "x" }), hello);
    await body.requireSent("write x");
    assert.equal(body.failure, undefined);
  });

  it("was sent when all bytes are read, though nobody looked for the end", async () => {
    const body = bodyOf(() => Promise.resolve(pieces(hello, 5)));
    const reader = (await body.content.open()).getReader();
    await reader.read();
    await body.requireSent("write x");
  });

  it("remembers why it could not be read", async () => {
    const body = bodyOf(() => Promise.resolve(breaking(hello, 3)));
    await assert.rejects(readAll(await body.content.open(), { limit: 10, what: "x" }));
    assert.match(String(body.failure?.error), /the cable was cut/);
    const locked = new Error("locked");
    const closed = bodyOf(() => Promise.reject(locked));
    await assert.rejects(closed.content.open(), locked);
    assert.equal(closed.failure?.error, locked);
  });

  it("cancels the content", async () => {
    let cancelled = false;
    const body = bodyOf(() =>
      Promise.resolve(new ReadableStream({ cancel: () => void (cancelled = true) }, { highWaterMark: 0 }))
    );
    body.cancel();
    await body.content.open();
    body.cancel();
    assert.ok(cancelled);
  });
});
