import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loggedTransport } from "../../../src/cli/support/request_log.ts";

describe("--verbose", () => {
  it("tells of requests and answers, and of no secrets", async () => {
    const lines: string[] = [];
    const transport = loggedTransport(
      () =>
        Promise.resolve(
          new Response(null, { status: 307, headers: { location: "https://cdn/x?sig=SECRET" } }),
        ),
      (line) => lines.push(line),
    );
    const headers = new Headers({
      authorization: "Bearer SECRET",
      "x-registry-auth": "SECRET",
      "private-token": "SECRET",
      "x-api-key": "SECRET",
      accept: "a/b",
    });
    await transport({ url: "https://registry/v2/?token=SECRET", method: "GET", headers });
    const all = lines.join("\n");
    assert.match(all, /^--> GET https:\/\/registry\/v2\//m);
    assert.match(all, /^ {4}accept: a\/b$/m);
    assert.match(all, /^<-- 307 GET https:\/\/registry\/v2\/.* \(\d+ ms\)$/m);
    assert.match(all, /^ {4}location: https:\/\/cdn\/x/m);
    assert.ok(!all.includes("SECRET"), all);
  });

  it("tells of requests that fail, and passes the reason on", async () => {
    const lines: string[] = [];
    const cause = new Error("no route to https://registry/?token=SECRET");
    const reason = new TypeError("fetch failed", { cause });
    const transport = loggedTransport(() => Promise.reject(reason), (line) => lines.push(line));
    const failing = transport({ url: "https://registry/v2/", method: "PUT", headers: new Headers() });
    await assert.rejects(failing, reason);
    assert.match(lines.join("\n"), /^<-- PUT https:\/\/registry\/v2\/: no route/m);
    assert.ok(!lines.join("\n").includes("SECRET"));
  });
});
