import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { warningsIn } from "../../src/http/warning.ts";
import { needsFixtures, table } from "../support/fixtures.ts";

type Text = string | { base64: string };

/** Text as `fetch` gives it: a byte a character. */
function bytes(text: Text): string {
  return typeof text === "string"
    ? String.fromCharCode(...new TextEncoder().encode(text))
    : atob(text.base64);
}

/** Headers cannot hold what some cases have in them, so they are made without the check. */
const withWarning = (value: string) => ({ get: () => value }) as unknown as Headers;

describe("warnings of a registry", () => {
  it("are read one and all", () => {
    const headers = new Headers([["warning", '299 - "one"'], ["warning", '299 - "two, \\"quoted\\""']]);
    assert.deepEqual(warningsIn(headers), ["one", 'two, "quoted"']);
    assert.deepEqual(warningsIn(new Headers()), []);
    for (const other of ['110 - "stale"', '299 reg.test "agent"', "299 - bare", '299 - ""']) {
      assert.deepEqual(warningsIn(new Headers({ warning: other })), [], other);
    }
  });

  describe("as the table tells", needsFixtures, () => {
    for (
      const { name, header, want } of table<{ name: string; header: Text; want: Text }>("warning-header")
    ) {
      it(name, () => {
        const [text = ""] = warningsIn(withWarning(bytes(header)));
        assert.equal(text, typeof want === "string" ? want : atob(want.base64));
      });
    }
  });
});
