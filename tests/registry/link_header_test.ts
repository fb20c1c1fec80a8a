import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { GantryError } from "../../src/errors.ts";
import { findLink, nextPage } from "../../src/registry/link_header.ts";
import { needsFixtures, table } from "../support/fixtures.ts";

interface Case {
  rule: string;
  name: string;
  url?: string;
  header?: string;
  headers?: string[];
  valid?: boolean;
  expected?: string;
  parm?: string;
  val?: string;
  found?: boolean;
  uri?: string;
}

describe("Link headers of other projects' tests", needsFixtures, () => {
  for (const one of table<Case>("link-header")) {
    it(`${one.rule}: ${one.name}`, () => {
      const header = one.header ?? one.headers!.join(", ");
      if (one.rule === "next") {
        const next = () => nextPage(header, new URL(one.url!), "list")?.href;
        if (one.valid) assert.equal(next(), one.expected);
        else assert.throws(next, (error) => GantryError.is(error, "denied"));
      } else if (one.rule === "parse-error") {
        assert.throws(
          () => findLink(header, "none", "list"),
          (error) => GantryError.is(error, "invalid-document"),
        );
      } else {
        assert.equal(findLink(header, one.val!, "list"), one.uri);
      }
    });
  }
});

describe("Link headers", () => {
  const base = new URL("https://reg.test/v2/app/tags/list?n=2");
  const next = (header: string | null) => nextPage(header, base, "list")?.href;

  it("lead on relative to the page, with the query as it is", () => {
    assert.equal(
      next('<list?last=a%2Bb+c&n=2>; rel="next"'),
      "https://reg.test/v2/app/tags/list?last=a%2Bb+c&n=2",
    );
    assert.equal(
      next('<?next_page=gAAAA%3D%3D>; rel="next"'),
      "https://reg.test/v2/app/tags/list?next_page=gAAAA%3D%3D",
    );
    assert.equal(next('</v2/x>;rel=next;title="a, b; c"'), "https://reg.test/v2/x");
    assert.equal(next('</p>; rel="prev", </n>; foo; rel="last next"'), "https://reg.test/n");
  });

  it("may be missing or about something else", () => {
    assert.equal(next(null), undefined);
    assert.equal(next('</p>; rel="prev"'), undefined);
    assert.equal(next("</p>"), undefined);
  });

  it("lead to no other origin", () => {
    for (
      const url of [
        "http://reg.test/x",
        "https://reg.test:444/x",
        "https://evil.test/x",
        "//169.254.169.254/",
        "file:///x",
        "https://u:p@reg.test/",
      ]
    ) {
      assert.throws(() => next(`<${url}>; rel="next"`), (error) => GantryError.is(error, "denied"), url);
    }
  });

  it("of any kind are read or refused without a hang", () => {
    const alphabet = fc.constantFrom("<", ">", ";", ",", "=", '"', "\\", " ", "rel", "next", "a");
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 50 }), (parts) => {
        try {
          findLink(parts.join(""), "next", "list");
        } catch (error) {
          assert.ok(GantryError.is(error, "invalid-document"));
        }
      }),
    );
    assert.throws(() => findLink(`</a>${"; a".repeat(20_000)}"`, "next", "list"));
  });
});
