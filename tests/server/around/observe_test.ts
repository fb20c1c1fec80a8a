import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Handler, observe, type Served } from "../../../src/server/mod.ts";
import { blob, digest, observed, pushed } from "./support.ts";

describe("observing a registry", () => {
  it("tells of each request once its response has been sent", async () => {
    const { ask, served } = observed();
    await pushed(ask);
    await ask("GET", `a/blobs/${digest}`);
    await ask("HEAD", `a/blobs/${digest}`);
    await ask("GET", "A/nothing");
    assert.deepEqual(
      served.map(({ request, route, status, sent }) => [request.method, route?.kind, status, sent > 0]),
      [
        ["POST", "uploads", 201, false],
        ["PUT", "manifest", 201, false],
        ["GET", "blob", 200, true],
        ["HEAD", "blob", 200, false],
        ["GET", undefined, 404, true],
      ],
    );
    assert.ok(served.every(({ milliseconds }) => milliseconds >= 0));
    assert.equal(served[2]!.sent, blob.length);
  });

  it("tells of a response that the client does not wait for", async () => {
    const served: Served[] = [];
    const endless: Handler = () =>
      Promise.resolve(new Response(new ReadableStream({ pull: (to) => to.enqueue(blob) })));
    const leave = new AbortController();
    const request = new Request("http://localhost/v2/", { signal: leave.signal });
    const response = await observe(endless, (one) => served.push(one))(request);
    const reader = response.body!.getReader();
    await reader.read();
    assert.equal(served.length, 0);
    leave.abort();
    await reader.cancel();
    assert.deepEqual(served.map(({ status, sent }) => [status, sent > 0]), [[499, true]]);
  });
});
