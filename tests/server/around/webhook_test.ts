import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RegistryEvent, Webhook } from "../../../src/server/mod.ts";

describe("a webhook", () => {
  it("sends events in order, again when that fails, and gives up at last", async () => {
    const event = (id: string): RegistryEvent => ({
      id,
      timestamp: "",
      action: "pull",
      target: { repository: "a" },
      request: { method: "GET", useragent: "" },
    });
    const got: string[] = [];
    const lost: string[] = [];
    const slept: number[] = [];
    let failures = 2;
    const webhook = new Webhook({
      url: "http://hook.test/",
      headers: { authorization: "secret" },
      attempts: 3,
      waiting: 3,
      onError: (_, { id }) => lost.push(id),
      sleep: (milliseconds) => Promise.resolve(void slept.push(milliseconds)),
      fetch: (_, { body, headers }) => {
        const [{ id }] = JSON.parse(String(body)).events;
        assert.equal(new Headers(headers).get("authorization"), "secret");
        if (id === "never" || failures-- > 0) return Promise.resolve(new Response(null, { status: 500 }));
        got.push(id);
        return Promise.resolve(new Response());
      },
    });
    for (const id of ["one", "never", "two"]) webhook.send(event(id));
    await webhook.settled();
    assert.deepEqual([got, lost], [["one", "two"], ["never"]]);
    assert.ok(slept.length === 4 && slept[1]! > slept[0]! / 2);
    // One is being sent, three may wait.
    for (const id of ["a", "b", "c", "d", "e"]) webhook.send(event(id));
    await webhook.settled();
    assert.deepEqual([got.slice(2), lost.slice(1)], [["a", "c", "d", "e"], ["b"]]);
  });
});
