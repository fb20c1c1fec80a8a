import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { isReplayable, type RegistryRequest } from "../../src/registry/request.ts";
import { plainContent } from "../../src/testing/content.ts";

const request = (body?: RegistryRequest["body"]): RegistryRequest => ({
  what: "try",
  method: "PUT",
  to: new URL("https://reg.test/x"),
  scopes: [],
  body,
});

describe("a request", () => {
  it("is replayable unless its content can be read only once", () => {
    assert.ok(isReplayable(request()));
    assert.ok(isReplayable(request(utf8("x"))));
    assert.ok(isReplayable(request(plainContent(utf8("x")))));
    assert.ok(!isReplayable(request(plainContent(utf8("x"), { replayable: false }))));
  });
});
