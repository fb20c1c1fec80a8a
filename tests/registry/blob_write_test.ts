import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fake } from "./fake.ts";
import { digest, head, small } from "./upload_replies.ts";

describe("writing a blob", () => {
  it("that is there reads nothing", async () => {
    const { app, calls } = fake({ [head]: { headers: { "content-length": "15" } } });
    const content = { ...small(), size: undefined, open: () => assert.fail("it was opened") };
    assert.deepEqual(await app.write(content), {
      descriptor: { mediaType: "application/octet-stream", digest, size: 15 },
      how: "present",
    });
    assert.deepEqual(calls(), [head]);
  });
});
