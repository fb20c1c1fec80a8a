import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { digestOf, refused, registryInMemory } from "./client.ts";

const id = /^\/v2\/app\/blobs\/uploads\/[0-9a-f-]{36}$/;
const missing = `sha256:${"0".repeat(64)}`;

async function begun() {
  const registry = registryInMemory();
  const response = await registry.send("POST", "/v2/app/blobs/uploads/");
  assert.equal(response.status, 202);
  return { ...registry, path: response.headers.get("location")! };
}

function piece(range: string, body: string) {
  return { headers: { "content-range": range, "content-type": "application/octet-stream" }, body };
}

/** A body of no known length. */
function streamed(...pieces: string[]) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
}

describe("an upload", () => {
  it("begins empty, at a relative place", async () => {
    const { send } = registryInMemory();
    for (const path of ["/v2/app/blobs/uploads/", "/v2/app/blobs/uploads"]) {
      const response = await send("POST", path);
      assert.equal(response.status, 202);
      assert.match(response.headers.get("location")!, id);
      assert.equal(response.headers.get("content-length"), "0");
      assert.equal(
        response.headers.get("docker-upload-uuid"),
        response.headers.get("location")!.split("/").at(-1),
      );
      const status = await send("GET", response.headers.get("location")!);
      assert.equal(status.status, 204);
      assert.equal(status.headers.get("range"), "0-0");
    }
  });

  it("comes whole in a PUT", async () => {
    const { send, path } = await begun();
    const response = await send("PUT", `${path}?digest=${digestOf("hello")}`, { body: "hello" });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("location"), `/v2/app/blobs/${digestOf("hello")}`);
    assert.equal(response.headers.get("docker-content-digest"), digestOf("hello"));
    assert.equal(await (await send("GET", response.headers.get("location")!)).text(), "hello");
    await refused(await send("GET", path), 404, "BLOB_UPLOAD_UNKNOWN");
  });

  it("comes as a stream", async () => {
    const { send, path } = await begun();
    const patched = await send("PATCH", path, { body: streamed("hel", "lo") });
    assert.equal(patched.status, 202);
    assert.equal(patched.headers.get("range"), "0-4");
    assert.equal(patched.headers.get("location"), path);
    const again = await send("PATCH", path, { body: streamed(" world") });
    assert.equal(again.headers.get("range"), "0-10");
    assert.equal((await send("PUT", `${path}?digest=${digestOf("hello world")}`)).status, 201);
  });

  it("comes in pieces, the last one with the PUT", async () => {
    const { send, path } = await begun();
    assert.equal((await send("PATCH", path, piece("0-4", "hello"))).headers.get("range"), "0-4");
    assert.equal((await send("PATCH", path, piece("5-5", " "))).headers.get("range"), "0-5");
    const put = await send("PUT", `${path}?digest=${digestOf("hello world")}`, piece("6-10", "world"));
    assert.equal(put.status, 201);
  });

  it("refuses pieces out of order, and stays as it was", async () => {
    const { send, path } = await begun();
    const stands = async (range: string) => {
      const status = await send("GET", path);
      assert.equal(status.status, 204);
      assert.equal(status.headers.get("range"), range);
      assert.equal(status.headers.get("location"), path);
    };
    await refused(await send("PATCH", path, piece("5-9", "world")), 416, "BLOB_UPLOAD_INVALID");
    await stands("0-0");
    await send("PATCH", path, piece("0-4", "hello"));
    const repeated = await send("PATCH", path, piece("0-4", "hello"));
    assert.equal(repeated.headers.get("range"), "0-4");
    await refused(repeated, 416, "BLOB_UPLOAD_INVALID");
    await refused(await send("PATCH", path, piece("6-9", "orld")), 416, "BLOB_UPLOAD_INVALID");
    await refused(await send("PATCH", path, piece("4-9", "oworld")), 416, "BLOB_UPLOAD_INVALID");
    const put = await send("PUT", `${path}?digest=${digestOf("helloworld")}`, piece("6-10", "world"));
    await refused(put, 416, "BLOB_UPLOAD_INVALID");
    await stands("0-4");
    assert.equal(
      (await send("PUT", `${path}?digest=${digestOf("helloworld")}`, piece("5-9", "world"))).status,
      201,
    );
  });

  it("refuses a Content-Range that is not one, or not the body's", async () => {
    const { send, path } = await begun();
    await refused(await send("PATCH", path, piece("bytes 0-4/5", "hello")), 400, "BLOB_UPLOAD_INVALID");
    await refused(await send("PATCH", path, piece("0-9", "hello")), 400, "SIZE_INVALID");
    await refused(await send("PATCH", path, { headers: { "content-range": "0-9" } }), 400, "SIZE_INVALID");
    assert.equal((await send("GET", path)).headers.get("range"), "0-0");
    const headers = { "content-range": "0-4" };
    await refused(await send("PATCH", path, { headers, body: streamed("hello", "!") }), 400, "SIZE_INVALID");
    const at = Number((await send("GET", path)).headers.get("range")!.slice(2));
    assert.ok(at <= 4, `${at + 1} bytes were taken`);
  });

  it("is one blob, whatever the algorithm of its digest", async () => {
    const { send } = await begun();
    const { headers } = await send("POST", "/v2/app/blobs/uploads/?digest-algorithm=sha512");
    const digest = digestOf("hello", "sha512");
    assert.equal(
      (await send("PUT", `${headers.get("location")}?digest=${digest}`, { body: "hello" })).status,
      201,
    );
    assert.equal(await (await send("GET", `/v2/app/blobs/${digest}`)).text(), "hello");
    await refused(await send("POST", "/v2/app/blobs/uploads/?digest-algorithm=md5"), 400, "DIGEST_INVALID");
  });

  it("is refused when all its bytes do not hash to the digest", async () => {
    const { send, path } = await begun();
    await send("PATCH", path, piece("0-4", "hello"));
    await refused(
      await send("PUT", `${path}?digest=${digestOf("world")}`, { body: "world" }),
      400,
      "DIGEST_INVALID",
    );
    await refused(await send("GET", `/v2/app/blobs/${digestOf("world")}`), 404, "BLOB_UNKNOWN");
    const next = (await send("POST", "/v2/app/blobs/uploads/")).headers.get("location")!;
    await send("PATCH", next, piece("0-4", "hello"));
    await refused(await send("PUT", `${next}?digest=${digestOf("")}`), 400, "DIGEST_INVALID");
    // What has come is not lost with a slip of the pen.
    assert.equal((await send("GET", next)).headers.get("range"), "0-4");
    assert.equal((await send("PUT", `${next}?digest=${digestOf("hello")}`)).status, 201);
  });

  it("needs one valid digest", async () => {
    const { send, path } = await begun();
    await refused(await send("PUT", path, { body: "hello" }), 400, "DIGEST_INVALID");
    await refused(await send("PUT", `${path}?digest=sha256:../../x`, { body: "x" }), 400, "DIGEST_INVALID");
    const twice = `digest=${digestOf("hello")}&digest=${digestOf("hello")}`;
    await refused(await send("PUT", `${path}?${twice}`, { body: "hello" }), 400, "DIGEST_INVALID");
    assert.equal((await send("GET", path)).headers.get("range"), "0-0");
  });

  it("can be cancelled", async () => {
    const { send, path } = await begun();
    assert.equal((await send("DELETE", path)).status, 204);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      await refused(await send(method, path), 404, "BLOB_UPLOAD_UNKNOWN");
    }
    await refused(await send("PUT", `${path}?digest=${digestOf("")}`), 404, "BLOB_UPLOAD_UNKNOWN");
  });

  it("and another one may be of the same blob", async () => {
    const { send, path } = await begun();
    const other = (await send("POST", "/v2/app/blobs/uploads/")).headers.get("location")!;
    for (const each of [path, other]) await send("PATCH", each, { body: "hello" });
    for (const each of [path, other]) {
      assert.equal((await send("PUT", `${each}?digest=${digestOf("hello")}`)).status, 201);
    }
  });
});

describe("POST with a digest", () => {
  it("takes a blob in one request", async () => {
    const { send } = registryInMemory();
    for (const content of ["hello", ""]) {
      const response = await send("POST", `/v2/app/blobs/uploads/?digest=${digestOf(content)}`, {
        body: content,
      });
      assert.equal(response.status, 201);
      assert.equal(response.headers.get("location"), `/v2/app/blobs/${digestOf(content)}`);
      assert.equal(await (await send("GET", response.headers.get("location")!)).text(), content);
    }
  });

  it("keeps nothing when the digest is wrong", async () => {
    const { send } = registryInMemory();
    const path = `/v2/app/blobs/uploads/?digest=${missing}`;
    await refused(await send("POST", path, { body: "hello" }), 400, "DIGEST_INVALID");
    assert.equal((await send("HEAD", `/v2/app/blobs/${missing}`)).status, 404);
    await refused(await send("POST", "/v2/app/blobs/uploads/?digest=sha256:x"), 400, "DIGEST_INVALID");
  });
});
