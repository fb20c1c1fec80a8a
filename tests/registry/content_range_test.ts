import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HttpResponse } from "../../src/http/response.ts";
import { contentRangeOf, sizeBehind } from "../../src/registry/content_range.ts";

const response = (range?: string) =>
  ({ headers: new Headers(range === undefined ? {} : { "content-range": range }) }) as HttpResponse;

describe("the range of a response", () => {
  it("is read with and without the size of all", () => {
    assert.deepEqual(contentRangeOf(response("bytes 3-9/20")), { start: 3, end: 10, size: 20 });
    assert.deepEqual(contentRangeOf(response("Bytes 0-0/*")), { start: 0, end: 1, size: undefined });
  });

  it("is none where it is missing, broken, or several", () => {
    for (const range of [undefined, "", "3-9/20", "bytes 3-9", "bytes */20", "bytes 0-1/9, bytes 4-5/9"]) {
      assert.equal(contentRangeOf(response(range)), undefined, range);
    }
  });

  it("that is behind the end tells where that is", () => {
    assert.equal(sizeBehind(response("bytes */20")), 20);
    assert.equal(sizeBehind(response("bytes */*")), undefined);
    assert.equal(sizeBehind(response()), undefined);
  });
});
