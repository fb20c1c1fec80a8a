import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cors, protect } from "../../../src/server/mod.ts";
import { pushImage, registryInMemory } from "../client.ts";

const page = "https://ui.test";

function ask(
  handler: ReturnType<typeof cors>,
  method: string,
  path: string,
  headers: Record<string, string>,
) {
  return handler(new Request(`http://registry.test${path}`, { method, headers }));
}

describe("a registry that pages may use", () => {
  it("answers what browsers ask first, before anybody has logged in", async () => {
    const { handler } = registryInMemory();
    const closed = protect(handler, { authenticate: () => Promise.resolve(undefined), allow: () => false });
    const open = cors(closed, [page]);
    const wants = { origin: page, "access-control-request-method": "PUT" };
    const allowed = await ask(open, "OPTIONS", "/v2/app/manifests/v1", wants);
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get("access-control-allow-origin"), page);
    assert.match(allowed.headers.get("access-control-allow-methods")!, /PATCH, PUT, DELETE/);
    assert.match(allowed.headers.get("access-control-allow-headers")!, /Authorization, Content-Range/);
    const refused = await ask(open, "GET", "/v2/", { origin: page });
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("access-control-expose-headers")!, /WWW-Authenticate/);
    for (const headers of [{ ...wants, origin: "https://other.test" }, { origin: page }]) {
      const other = await ask(open, "OPTIONS", "/v2/app/manifests/v1", headers);
      assert.notEqual(other.status, 204);
    }
  });

  it("lets them see answers, and others not", async () => {
    const { handler } = registryInMemory();
    const manifest = await pushImage(handler, "app", "v1");
    for (
      const [origins, origin, allowed] of [
        [[page], page, page],
        [["*"], "https://other.test", "https://other.test"],
        [[page], "https://other.test", null],
      ] as const
    ) {
      const response = await ask(cors(handler, origins), "GET", "/v2/app/manifests/v1", { origin });
      assert.equal(response.headers.get("access-control-allow-origin"), allowed);
      assert.equal(response.headers.get("vary"), "Origin");
      assert.equal(await response.text(), manifest);
    }
    const plain = await ask(cors(handler, [page]), "GET", "/v2/", {});
    assert.equal(plain.headers.get("access-control-allow-origin"), null);
  });
});
