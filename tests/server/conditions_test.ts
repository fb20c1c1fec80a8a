import { describe, it } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { hasAlready, pieceOf, rangeOf } from "../../src/server/conditions.ts";
import { HttpError } from "../../src/server/http_error.ts";

const digest = `sha256:${"a".repeat(64)}` as const;

describe("rangeOf", () => {
  const cases: [string, ReturnType<typeof rangeOf>][] = [
    ["bytes=500-1499", { start: 500, end: 1500 }],
    ["bytes=500-", { start: 500, end: 2048 }],
    ["bytes=-500", { start: 1548, end: 2048 }],
    ["bytes=-5000", { start: 0, end: 2048 }],
    ["bytes=2000-5000", { start: 2000, end: 2048 }],
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=0-", { start: 0, end: 2048 }],
    ["bytes=500-0", "unsatisfiable"],
    ["bytes=2048-", "unsatisfiable"],
    ["bytes=5000-10000", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=-", undefined],
    ["bytes=0-1,3-4", undefined],
    ["bytes=a-b", undefined],
    ["bytes=1e3-", undefined],
    ["items=0-1", undefined],
    ["bytes=0-99999999999999999999", undefined],
  ];
  for (const [range, expected] of cases) {
    it(`reads ${range} of 2048 bytes`, () => {
      assert.deepEqual(rangeOf(new Headers({ range }), 2048, digest), expected);
    });
  }

  it("asks for all without the header", () => assert.equal(rangeOf(new Headers(), 2048, digest), undefined));

  it("holds only for the bytes that If-Range names", () => {
    const range = "bytes=1-2";
    assert.deepEqual(rangeOf(new Headers({ range, "if-range": `"${digest}"` }), 9, digest), {
      start: 1,
      end: 3,
    });
    assert.equal(rangeOf(new Headers({ range, "if-range": '"other"' }), 9, digest), undefined);
    assert.equal(rangeOf(new Headers({ range, "if-range": `W/"${digest}"` }), 9, digest), undefined);
  });

  it("finds no range in an empty blob", () => {
    assert.equal(rangeOf(new Headers({ range: "bytes=0-" }), 0, digest), "unsatisfiable");
  });

  it("never leaves the blob", () => {
    fc.assert(fc.property(fc.nat(), fc.option(fc.nat()), fc.option(fc.nat()), (size, first, last) => {
      const range = rangeOf(new Headers({ range: `bytes=${first ?? ""}-${last ?? ""}` }), size, digest);
      if (range === undefined || range === "unsatisfiable") return;
      assert.ok(range.start >= 0 && range.start < range.end && range.end <= size);
    }));
  });
});

describe("hasAlready", () => {
  for (const tag of [`"${digest}"`, `W/"${digest}"`, digest, "*", `"x", "${digest}"`]) {
    it(`takes ${tag.slice(0, 20)}`, () =>
      assert.ok(hasAlready(new Headers({ "if-none-match": tag }), digest)));
  }
  it("does not take another entity tag, or none", () => {
    assert.ok(!hasAlready(new Headers({ "if-none-match": '"x"' }), digest));
    assert.ok(!hasAlready(new Headers(), digest));
  });
});

describe("pieceOf", () => {
  it("reads a piece", () => {
    assert.deepEqual(pieceOf(new Headers({ "content-range": "0-1023", "content-length": "1024" })), {
      start: 0,
      end: 1024,
    });
    assert.deepEqual(pieceOf(new Headers({ "content-range": "7-7" })), { start: 7, end: 8 });
    assert.equal(pieceOf(new Headers()), undefined);
  });

  for (
    const value of [
      "",
      "0",
      "0-",
      "-5",
      "5-4",
      "bytes 0-9/10",
      "bytes 0-9",
      "0-9/10",
      "a-b",
      "0x0-0x9",
      "0-99999999999999999",
    ]
  ) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      const isRefused = (error: unknown) => error instanceof HttpError && error.status === 400;
      assert.throws(() => pieceOf(new Headers({ "content-range": value })), isRefused);
    });
  }

  it("refuses a Content-Length that disagrees", () => {
    const headers = new Headers({ "content-range": "0-9", "content-length": "9" });
    assert.throws(() => pieceOf(headers), (error) => error instanceof HttpError && error.status === 400);
  });
});
