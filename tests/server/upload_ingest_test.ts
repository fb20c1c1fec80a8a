import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { memory } from "../../src/content/mod.ts";
import { server } from "../../src/server/mod.ts";
import { digestOf, refused, registryInMemory, send as sendTo } from "./client.ts";

async function begun() {
  const registry = registryInMemory();
  const response = await registry.send("POST", "/v2/app/blobs/uploads/");
  assert.equal(response.status, 202);
  return { ...registry, path: response.headers.get("location")! };
}

function piece(range: string, body: string) {
  return { headers: { "content-range": range, "content-type": "application/octet-stream" }, body };
}

/** A body that begins to be read and ends when told. */
function held(text: string) {
  const { promise: reading, resolve } = Promise.withResolvers<void>();
  const { promise: end, resolve: close } = Promise.withResolvers<void>();
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      resolve();
      await end;
      controller.close();
    },
  }, { highWaterMark: 0 });
  return { body, reading, close };
}

describe("an upload", () => {
  it("keeps what came before the body broke, and goes on there", async () => {
    const { send, path } = await begun();
    let n = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (n++ === 0) controller.enqueue(new TextEncoder().encode("hello"));
        else controller.error(new Error("reset"));
      },
    }, { highWaterMark: 0 });
    assert.ok((await send("PATCH", path, { body })).status >= 400);
    assert.equal((await send("GET", path)).headers.get("range"), "0-4");
    assert.equal((await send("PATCH", path, piece("5-10", " world"))).status, 202);
    assert.equal((await send("PUT", `${path}?digest=${digestOf("hello world")}`)).status, 201);
  });

  it("is unknown in another repository, and under a guessed name", async () => {
    const { send, path } = await begun();
    const shared = memory();
    const together = server({ repositories: () => shared });
    const own = (await sendTo(together, "POST", "/v2/app/blobs/uploads/")).headers.get("location")!;
    const others = own.replace("/app/", "/other/");
    await refused(await sendTo(together, "PATCH", others, { body: "x" }), 404, "BLOB_UPLOAD_UNKNOWN");
    assert.equal((await sendTo(together, "GET", own)).status, 204);
    const guessed = path.replace(/[^/]+$/, crypto.randomUUID());
    await refused(await send("PATCH", guessed, { body: "x" }), 404, "BLOB_UPLOAD_UNKNOWN");
    await refused(await send("GET", guessed), 404, "BLOB_UPLOAD_UNKNOWN");
  });

  it("is written by one request at a time", async () => {
    const { send, path } = await begun();
    const { body, reading, close } = held("hello");
    const first = send("PATCH", path, { body });
    await reading;
    const second = send("PATCH", path, piece("0-4", "other"));
    const third = send("GET", path);
    close();
    assert.equal((await first).headers.get("range"), "0-4");
    await refused(await second, 416, "BLOB_UPLOAD_INVALID");
    assert.equal((await third).headers.get("range"), "0-4");
    assert.equal((await send("PUT", `${path}?digest=${digestOf("hello")}`)).status, 201);
  });

  it("is not waited for without end", async () => {
    const { send, path } = await begun();
    const { body, reading, close } = held("hello");
    const first = send("PATCH", path, { body });
    await reading;
    await refused(await send("PATCH", path, { body: "other" }), 409, "UNKNOWN");
    close();
    assert.equal((await first).headers.get("range"), "0-4");
  });

  it("goes on in another process over the same storage", async () => {
    const target = memory();
    const processes = [server({ repositories: () => target }), server({ repositories: () => target })];
    const text = "the quick brown fox jumps over the lazy dog".split(" ");
    let turn = 0;
    const send = (...args: Parameters<typeof sendTo> extends [unknown, ...infer Rest] ? Rest : never) =>
      sendTo(processes[turn++ % 2]!, ...args);
    const path = (await send("POST", "/v2/app/blobs/uploads/")).headers.get("location")!;
    let at = 0;
    for (const word of text) {
      const range = `${at}-${at + word.length - 1}`;
      assert.equal((await send("PATCH", path, piece(range, word))).status, 202);
      at += word.length;
      assert.equal((await send("GET", path)).headers.get("range"), `0-${at - 1}`);
      turn++;
    }
    const digest = digestOf(text.join(""));
    assert.equal((await send("PUT", `${path}?digest=${digest}`)).status, 201);
    assert.equal(await (await send("GET", `/v2/app/blobs/${digest}`)).text(), text.join(""));
  });
});
