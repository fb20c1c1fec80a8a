import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accessLogLine } from "../../../src/server/mod.ts";
import { observed } from "./support.ts";

describe("an access log", () => {
  it("is a line of JSON for each request, without the query", async () => {
    const { ask, served } = observed();
    await ask("GET", "a/tags/list?secret=1", { headers: { "user-agent": "test/1" } });
    const line = JSON.parse(accessLogLine(served[0]!));
    assert.deepEqual([line.method, line.path, line.repository, line.status, line.client], [
      "GET",
      "/v2/a/tags/list",
      "a",
      200,
      "test/1",
    ]);
  });
});
