import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatPlatform,
  madeFor,
  normalizePlatform,
  parsePlatform,
  type Platform,
  runsOn,
  samePlatform,
  sameSystem,
  satisfies,
} from "../../src/spec/mod.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { Decided } from "./decided.ts";

interface ParseCase {
  dialect: string;
  input?: string;
  platform?: Platform;
  valid?: boolean;
  expected?: Platform;
  formatted?: string;
  also_equal_after_normalize?: Platform[];
}

const defaults: Platform = { os: "DEFAULT_OS", architecture: "DEFAULT_ARCH", variant: "DEFAULT_VARIANT" };
const filled = (platform: Partial<Platform>): Platform => ({ os: "", architecture: "", ...platform });

describe("platform-parse table", needsFixtures, () => {
  const formats = (platform: Partial<Platform>, text: string) => () =>
    assert.equal(formatPlatform(filled(platform)), text);
  const keeps = (text: string, expected: Platform, plain: string) => () => {
    assert.deepEqual(parsePlatform(text), expected);
    assert.ok(samePlatform(parsePlatform(text), parsePlatform(plain)));
    assert.deepEqual(normalizePlatform(parsePlatform(text)), normalizePlatform(parsePlatform(plain)));
  };
  const arm64 = { os: "linux", architecture: "arm64", variant: "v8" };
  const windows = { os: "windows", architecture: "amd64", "os.version": "10.0.17763.2114" };
  const decided = new Decided("platform-parse", {
    "regclient linux/amd64/v1": keeps(
      "linux/amd64/v1",
      { os: "linux", architecture: "amd64", variant: "v1" },
      "linux/amd64",
    ),
    "regclient linux/arm64/v8": keeps("linux/arm64/v8", arm64, "linux/arm64"),
    "regclient {}": formats({}, ""),
    [`regclient ${JSON.stringify(arm64)}`]: formats(arm64, "linux/arm64/v8"),
    [`regclient ${JSON.stringify(windows)}`]: formats(windows, "windows(10.0.17763.2114)/amd64"),
  });

  for (const c of table<ParseCase>("platform-parse")) {
    const key = `${c.dialect} ${c.input ?? JSON.stringify(c.platform)}`;
    it(key, () => {
      if (decided.has(key)) return;
      if (c.platform) return assert.equal(formatPlatform(filled(c.platform)), c.formatted);
      if (!c.valid) return assert.throws(() => parsePlatform(c.input!, defaults), { code: "invalid-name" });
      const platform = parsePlatform(c.input!, defaults);
      // The table writes the empty version down.
      const { "os.version": version, ...rest } = c.expected!;
      assert.deepEqual(platform, version ? c.expected : rest);
      if (c.formatted !== undefined) assert.equal(formatPlatform(platform), c.formatted);
      for (const other of c.also_equal_after_normalize ?? []) {
        assert.deepEqual(normalizePlatform(other), normalizePlatform(platform));
        assert.ok(samePlatform(other, platform));
      }
    });
  }

  it("has a case for each decision", () => decided.allSeen());
});

interface MatchCase {
  rule: string;
  result?: boolean;
  want?: string & Platform;
  candidate?: string;
  candidates?: string[];
  sorted?: string[];
  a?: Platform;
  b?: Platform;
  have?: Platform;
  spec?: Platform;
  got?: Platform;
  host?: Platform;
  target?: Platform;
  prev?: Platform;
  match?: boolean;
  compat?: boolean;
  better?: boolean;
}

const matchers = { Only: runsOn, OnlyStrict: madeFor, OnlyOS: sameSystem };

describe("platform-match table", needsFixtures, () => {
  for (const { rule, ...c } of table<MatchCase & { source?: string; name?: string }>("platform-match")) {
    const { source: _, ...shown } = c;
    it(`${rule} ${JSON.stringify(shown)}`, () => {
      const matcher = matchers[rule.replace("-order", "") as keyof typeof matchers];
      if (rule.endsWith("-order")) {
        const sorted = c.candidates!.map((text) => parsePlatform(text)).sort(
          matcher(parsePlatform(c.want!)).compare,
        );
        assert.deepEqual(sorted.map(formatPlatform), c.sorted);
      } else if (matcher) {
        assert.equal(matcher(parsePlatform(c.want!)).matches(parsePlatform(c.candidate!)), c.result);
      } else if (rule === "equals") assert.equal(samePlatform(c.a!, c.b!), c.result);
      else if (rule === "satisfies") assert.equal(satisfies(c.have!, c.spec!), c.result);
      else if (rule === "oras.match") assert.equal(satisfies(c.got!, c.want!), c.result);
      else {
        assert.equal(rule, "regclient.compare");
        const { matches, compare } = runsOn(c.host!);
        const better = matches(c.target!) && (c.prev === undefined || compare(c.target!, c.prev) < 0);
        const got = { match: madeFor(c.host!).matches(c.target!), compat: matches(c.target!), better };
        assert.deepEqual(got, { match: c.match, compat: c.compat, better: c.better });
      }
    });
  }
});
