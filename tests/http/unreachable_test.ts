import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { connectionFailureOf, unreachable } from "../../src/http/unreachable.ts";

const url = new URL("https://reg.test/v2/");

describe("the error for a broken connection", () => {
  it("names the host and the innermost reason, and keeps what it was made from", () => {
    const error = new TypeError("fetch failed", { cause: new Error("a strange thing") });
    const made = unreachable("read a", url, error);
    assert.equal(made.code, "unavailable");
    assert.equal(made.message, "read a: no answer from reg.test: a strange thing");
    assert.deepEqual(connectionFailureOf(made), { host: "reg.test", reason: "other", error });
    assert.equal(unreachable("read a", url, "odd").message, "read a: no answer from reg.test: odd");
  });

  it("has the words and the kind that it is told", () => {
    const made = unreachable(
      "read a",
      url,
      new Error("oops"),
      (text) => ["refused", `it says ${text.trim()}`],
    );
    assert.equal(made.message, "read a: no answer from reg.test: it says oops");
    assert.equal(connectionFailureOf(made)?.reason, "refused");
  });

  it("drops a cause that holds a secret", () => {
    const made = unreachable("read a", url, new TypeError("error for https://s3.test/x?sig=abc"));
    assert.equal(made.message, "read a: no answer from reg.test: error for https://s3.test/x?sig=…");
    assert.deepEqual(made.cause, { host: "reg.test", reason: "other" });
  });

  it("is the error itself where that is one of ours", () => {
    const error = new GantryError("denied", "no");
    assert.equal(unreachable("read a", url, error), error);
    assert.equal(connectionFailureOf(error), undefined);
  });
});
