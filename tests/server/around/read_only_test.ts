import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../../src/content/mod.ts";
import { readOnly, server } from "../../../src/server/mod.ts";

describe("a read-only registry", () => {
  it("refuses all that would change it", async () => {
    const target = memory();
    const registry = readOnly(server({ repositories: () => target }));
    for (const method of ["PUT", "POST", "PATCH", "DELETE"]) {
      const response = await registry(new Request("http://localhost/v2/a/manifests/v1", { method }));
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
      assert.equal((await response.json()).errors[0].code, "UNSUPPORTED");
    }
    assert.equal((await registry(new Request("http://localhost/v2/a/tags/list"))).status, 200);
  });
});
