import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { fetchTransport } from "../../src/registry/mod.ts";
import { plainContent } from "../../src/testing/content.ts";

type Init = RequestInit & { duplex?: string };

function recorded(...responses: Response[]) {
  const calls: { url: string; init: Init }[] = [];
  const transport = fetchTransport((url, init) => {
    calls.push({ url, init });
    return Promise.resolve(responses.shift() ?? new Response());
  });
  return { transport, calls };
}

describe("the transport over fetch", () => {
  const request = { url: "https://reg.test/v2/", method: "GET", headers: new Headers({ a: "b" }) };

  it("follows no redirect by itself", async () => {
    const { transport, calls } = recorded();
    const { signal } = new AbortController();
    await transport({ ...request, signal });
    assert.equal(calls[0]!.url, request.url);
    assert.equal(calls[0]!.init.redirect, "manual");
    assert.equal(calls[0]!.init.signal, signal);
    assert.equal(calls[0]!.init.body, undefined);
  });

  it("sends bytes as bytes, and content as a stream with its length if that is known", async () => {
    const { transport, calls } = recorded();
    const body = utf8("hello");
    await transport({ ...request, method: "PUT", body });
    assert.equal(calls[0]!.init.body, body);
    for (const size of [5, undefined]) {
      const headers = new Headers();
      await transport({ ...request, method: "PATCH", headers, body: plainContent(body, { size }) });
      const { init } = calls.at(-1)!;
      assert.ok(init.body instanceof ReadableStream);
      assert.equal(init.duplex, "half");
      assert.equal(headers.get("content-length"), size === undefined ? null : "5");
    }
  });

  it("follows where a browser hides the way, unless that would send a body again", async () => {
    const hidden = () => Object.defineProperty(new Response(), "type", { value: "opaqueredirect" });
    const { transport, calls } = recorded(hidden(), new Response("there"), hidden());
    assert.equal(await (await transport(request)).text(), "there");
    assert.deepEqual(calls.map(({ init }) => init.redirect), ["manual", "follow"]);
    assert.equal((await transport({ ...request, method: "PUT", body: utf8("x") })).type, "opaqueredirect");
  });
});
