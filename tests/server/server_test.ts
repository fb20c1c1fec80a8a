import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { type Ingest, memory, type Target } from "../../src/content/mod.ts";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { digestOf, pushBlob, refused, registryInMemory } from "./client.ts";

const blob = `/v2/app/blobs/${digestOf("x")}`;

describe("server", () => {
  it("answers a ping", async () => {
    const { send } = registryInMemory({ repositories: () => assert.fail("no repository is asked for") });
    for (const path of ["/v2/", "/v2"]) {
      const response = await send("GET", path);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("docker-distribution-api-version"), "registry/2.0");
      assert.deepEqual(await response.json(), {});
      assert.equal((await send("HEAD", path)).status, 200);
    }
  });

  it("tells which methods there are", async () => {
    const { send } = registryInMemory();
    const allowed = async (method: string, path: string) => {
      const response = await send(method, path);
      await refused(response, 405, "UNSUPPORTED");
      return response.headers.get("allow");
    };
    assert.equal(await allowed("POST", "/v2/"), "GET, HEAD");
    assert.equal(await allowed("PATCH", "/v2/app/manifests/v1"), "GET, HEAD, PUT, DELETE");
    assert.equal(await allowed("GET", "/v2/app/blobs/uploads/"), "POST");
    assert.equal(await allowed("PUT", blob), "GET, HEAD, DELETE");
  });

  it("does not take a method for a property of all objects", async () => {
    const { handler } = registryInMemory();
    const request = new Request(`http://registry.test${blob}`);
    Object.defineProperty(request, "method", { value: "constructor" }); // Bun's own would say GET
    await refused(await handler(request), 405, "UNSUPPORTED");
  });

  it("asks for no repository before all that the client said is checked", async () => {
    const { send } = registryInMemory({ repositories: () => assert.fail("storage is touched") });
    await refused(await send("GET", "/v2/app/manifests/sha256:x"), 400, "DIGEST_INVALID");
    await refused(await send("GET", "/v2/App/manifests/v1"), 400, "NAME_INVALID");
    await refused(await send("POST", "/v2/app/blobs/uploads/?digest=x"), 400, "DIGEST_INVALID");
    await refused(await send("POST", "/v2/app/blobs/uploads/?mount=x&from=y"), 400, "DIGEST_INVALID");
    await refused(await send("GET", "/v2/app/tags/list?n=x"), 400, "PAGINATION_NUMBER_INVALID");
    await refused(await send("PUT", "/v2/app/manifests/v1", { body: "x" }), 400, "MANIFEST_INVALID");
    await refused(await send("GET", `/v2/app/referrers/${digestOf("x")}?last=x`), 400, "DIGEST_INVALID");
  });

  it("tells a repository that is not there from one that is not to be had", async () => {
    const cases: [ErrorCode, number, string][] = [
      ["not-found", 404, "NAME_UNKNOWN"],
      ["denied", 403, "DENIED"],
      ["unauthorized", 401, "UNAUTHORIZED"],
      ["invalid-name", 400, "NAME_INVALID"],
    ];
    for (const [code, status, answer] of cases) {
      const { send } = registryInMemory({
        repositories: () => {
          throw new GantryError(code, "said the caller");
        },
      });
      await refused(await send("GET", blob), status, answer);
    }
  });

  const failures: [unknown, number, string, boolean][] = [
    [new GantryError("storage", "write /srv/blobs: no space left"), 507, "UNKNOWN", true],
    [new GantryError("unavailable", "GET http://10.0.0.1: refused"), 503, "UNAVAILABLE", true],
    [new GantryError("rate-limited", "GET http://10.0.0.1: 429"), 429, "TOOMANYREQUESTS", false],
    [new GantryError("conflict", "lock /srv/index.json: held"), 409, "UNKNOWN", false],
    [new GantryError("unsupported", "read /srv: no"), 405, "UNSUPPORTED", false],
    [new GantryError("invalid-document", "read /srv/index.json: not JSON"), 500, "UNKNOWN", true],
    [new GantryError("digest-mismatch", "read /srv/blobs: not it"), 500, "UNKNOWN", true],
    [new TypeError("/srv is not a function"), 500, "UNKNOWN", true],
  ];
  for (const [error, status, code, told] of failures) {
    it(`answers ${status} to ${String(error).slice(0, 50)}, and does not repeat it`, async () => {
      const target = memory();
      target.resolve = () => Promise.reject(error);
      const errors: unknown[] = [];
      const { send } = registryInMemory({
        repositories: () => target,
        onError: (error) => errors.push(error),
      });
      const [problem] = await refused(await send("GET", blob), status, code);
      assert.doesNotMatch(problem!.message, /srv|10\.0/);
      assert.deepEqual(errors, told ? [error] : []);
    });
  }

  it("keeps the old state when storage fails under an upload, and the upload too (E23)", async () => {
    const target = memory();
    const { handler, send } = registryInMemory({ repositories: () => target });
    const path = (await send("POST", "/v2/app/blobs/uploads/")).headers.get("location")!;
    await send("PATCH", path, { body: "hello" });
    const ingest = target.ingest.bind(target);
    target.ingest = async (session, options) => {
      const real = await ingest(session, options);
      const broken: Ingest = {
        offset: real.offset,
        append: () => Promise.reject(new GantryError("storage", "disk full")),
        commit: () => Promise.reject(new GantryError("storage", "disk full")),
        abort: () => real.abort(),
        close: () => real.close(),
      };
      return broken;
    };
    await refused(await send("PATCH", path, { body: " world" }), 507, "UNKNOWN");
    await refused(await send("PUT", `${path}?digest=${digestOf("hello")}`), 507, "UNKNOWN");
    const whole = `/v2/app/blobs/uploads/?digest=${digestOf("x")}`;
    await refused(await send("POST", whole, { body: "x" }), 507, "UNKNOWN");
    target.ingest = ingest;
    assert.equal((await send("GET", path)).headers.get("range"), "0-4");
    assert.equal((await send("PUT", `${path}?digest=${digestOf("hello")}`)).status, 201);
    await pushBlob(handler, "app", "x");
  });

  it("says so where a target cannot be written, deleted from or listed", async () => {
    const { resolve, open, write, tag } = memory();
    const bare: Target = { resolve, open, write, tag };
    const { send } = registryInMemory({ repositories: () => bare });
    await refused(await send("POST", "/v2/app/blobs/uploads/"), 405, "UNSUPPORTED");
    await refused(await send("DELETE", blob), 405, "UNSUPPORTED");
    await refused(await send("DELETE", "/v2/app/manifests/v1"), 405, "UNSUPPORTED");
    await refused(await send("DELETE", `/v2/app/manifests/${digestOf("x")}`), 405, "UNSUPPORTED");
    await refused(await send("GET", "/v2/app/tags/list"), 405, "UNSUPPORTED");
  });

  it("is silent about a client that left", async () => {
    const target = memory();
    const abort = new AbortController();
    target.resolve = () => {
      abort.abort();
      return Promise.reject(abort.signal.reason);
    };
    const errors: unknown[] = [];
    const { send } = registryInMemory({ repositories: () => target, onError: (error) => errors.push(error) });
    assert.equal((await send("GET", blob, { signal: abort.signal })).status, 499);
    assert.deepEqual(errors, []);
  });

  it("does not let a refused client's body hang", async () => {
    const { send } = registryInMemory();
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    await refused(await send("PUT", "/v2/App/manifests/v1", { body }), 400, "NAME_INVALID");
    assert.ok(cancelled);
  });
});
