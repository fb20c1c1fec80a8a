import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, it } from "node:test";
import { reachable } from "../../src/hosts/reachable.ts";

describe("a host", () => {
  it("is reachable as long as something listens there, and not for who no longer asks", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const { signal } = new AbortController();
    assert.equal(await reachable(url, signal), true);
    assert.equal(await reachable(url, AbortSignal.abort()), false);
    const closed = once(server, "close");
    server.close();
    await closed;
    assert.equal(await reachable(url, signal), false);
  });
});
