import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { unreachable } from "../../src/http/unreachable.ts";

const url = new URL("https://reg.test/v2/");

describe("the error for a broken connection", () => {
  it("names the host and the innermost reason, and keeps what it was made from", () => {
    const error = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    const made = unreachable("read a", url, error);
    assert.equal(made.code, "unavailable");
    assert.equal(made.message, "read a: no answer from reg.test: connect ECONNREFUSED");
    assert.equal(made.cause, error);
    assert.equal(unreachable("read a", url, "reset").message, "read a: no answer from reg.test: reset");
  });

  it("drops a cause that holds a secret", () => {
    const made = unreachable("read a", url, new TypeError("error for https://s3.test/x?sig=abc"));
    assert.equal(made.message, "read a: no answer from reg.test: error for https://s3.test/x?sig=…");
    assert.equal(made.cause, undefined);
  });

  it("is the error itself where that is one of ours", () => {
    const error = new GantryError("denied", "no");
    assert.equal(unreachable("read a", url, error), error);
  });
});
