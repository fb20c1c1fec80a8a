import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAll, utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake } from "./fake.ts";

const bytes = utf8("a layer of Windows");
const digest = await digestBytes(bytes);
const get = `GET /v2/app/blobs/${digest}`;
const missing = { status: 404 };
const address = (...urls: string[]) => ({ digest, size: bytes.byteLength, urls });

describe("a blob with addresses of its own", () => {
  it("is read there where the registry has it not, without credentials", async () => {
    const { app, authorizations, calls } = fake({
      [get]: missing,
      "GET https://a.test/layer": missing,
      "GET https://b.test/layer": { status: 302, headers: { location: "https://c.test/layer?sig=1" } },
      "GET https://c.test/layer?sig=1": { body: bytes },
    }, { credentials: () => Promise.resolve({ username: "me", password: "secret" }) });
    const stream = await app.open(address("https://a.test/layer", "https://b.test/layer"));
    assert.deepEqual(await readAll(stream, { limit: 100, what: "layer" }), bytes);
    assert.equal(calls().length, 4);
    assert.ok(authorizations().every((header) => header === null));
  });

  it("is read at the registry where that has it", async () => {
    const { app, calls } = fake({ [get]: { body: bytes } });
    await (await app.open(address("https://a.test/layer"))).cancel();
    assert.deepEqual(calls(), [get]);
  });

  it("is not sought inside the network, without TLS, or in files", async () => {
    for (
      const url of ["https://10.0.0.1/x", "http://a.test/x", "file:///etc/passwd", "https://169.254.169.254/"]
    ) {
      const { app, calls } = fake({ [get]: missing });
      await rejects(app.open(address(url)), "denied");
      assert.deepEqual(calls(), [get]);
    }
  });

  it("is not read where it has another size, nor where another server wants a login", async () => {
    const longer = fake({ [get]: missing, "GET https://a.test/x": { body: utf8("something else") } });
    await rejects(longer.app.open(address("https://a.test/x")), "size-mismatch");
    const closed = fake({
      [get]: missing,
      "GET https://a.test/x": { status: 401, headers: { "www-authenticate": "Basic" } },
    }, { credentials: () => Promise.resolve({ username: "me", password: "secret" }) });
    await rejects(closed.app.open(address("https://a.test/x")), "unauthorized");
    assert.equal(closed.calls().length, 2);
  });
});
