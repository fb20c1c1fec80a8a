import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rejects } from "../../src/testing/errors.ts";
import { fake } from "./fake.ts";
import { at, post } from "./upload_replies.ts";

describe("the permission to push", () => {
  it("is there when an upload can be begun, which is given up", async () => {
    const { app, calls } = fake({ [post]: at("/u/1"), "DELETE /u/1": { status: 404 } });
    await app.checkPushPermission();
    assert.deepEqual(calls(), [post, "DELETE /u/1"]);
  });

  it("is not there when the registry refuses", async () => {
    const body = '{"errors":[{"code":"DENIED","message":"read only"}]}';
    const { app } = fake({ [post]: { status: 403, body } });
    await rejects(
      app.checkPushPermission(),
      "denied",
      /write a blob to reg\.test\/app: 403 DENIED: read only/,
    );
  });
});
