import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { redact } from "../../src/http/redact.ts";

describe("texts from elsewhere", () => {
  it("lose their secrets, their control characters and their length", () => {
    assert.equal(
      redact("GET https://s3.test/x?X-Amz-Signature=abc&y=1 failed"),
      "GET https://s3.test/x?X-Amz-Signature=…&y=… failed",
    );
    assert.equal(redact("sent Bearer eyJhbGciOi.J9-_ to"), "sent Bearer … to");
    assert.equal(redact("refresh_token=abc password=x, y"), "refresh_token=… password=… y");
    assert.equal(redact("https://me:secret@reg.test/"), "https://reg.test/");
    assert.equal(redact("a\u001b[31m\r\nb\u2028c"), "a [31m b c");
    assert.equal(redact("x".repeat(1000)).length, 301);
  });
});
