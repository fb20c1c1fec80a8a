import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memorySessions } from "../../src/registry/upload_sessions.ts";

describe("sessions in memory", () => {
  it("keep, replace and forget values", async () => {
    const sessions = memorySessions();
    assert.equal(await sessions.get("a"), undefined);
    await sessions.set("a", "1");
    await sessions.set("a", "2");
    await sessions.set("b", "3");
    assert.equal(await sessions.get("a"), "2");
    await sessions.delete("a");
    assert.equal(await sessions.get("a"), undefined);
    assert.equal(await sessions.get("b"), "3");
  });

  it("are shared by nobody", async () => {
    await memorySessions().set("a", "1");
    assert.equal(await memorySessions().get("a"), undefined);
  });
});
