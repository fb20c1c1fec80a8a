import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatPlatform, madeFor, parsePlatform, runsOn } from "../../src/spec/mod.ts";
import { platforms } from "./platforms.ts";

describe("runsOn", () => {
  const best = (machine: string, ...candidates: string[]) =>
    candidates.map((text) => parsePlatform(text)).sort(runsOn(parsePlatform(machine)).compare).map(
      formatPlatform,
    );

  it("puts the nearest variant first", () => {
    assert.deepEqual(best("linux/arm64", "linux/arm/v6", "linux/arm64", "linux/arm/v7"), [
      "linux/arm64",
      "linux/arm/v7",
      "linux/arm/v6",
    ]);
    assert.deepEqual(best("linux/amd64/v3", "linux/386", "linux/amd64/v4", "linux/amd64", "linux/amd64/v2"), [
      "linux/amd64/v2",
      "linux/amd64",
      "linux/386",
      "linux/amd64/v4",
    ]);
  });

  it("puts the newest Windows first, of those that go with the machine's", () => {
    const windows = (version: string) => `windows(${version})/amd64`;
    const versions = ["10.0.26100.1", "10.0.20348.900", "10.0.17763.1", "10.0.20348.1000"].map(windows);
    const matcher = runsOn(parsePlatform(windows("10.0.20348.1")));
    assert.deepEqual(best(windows("10.0.20348.1"), ...versions).slice(0, 2), [versions[3], versions[1]]);
    assert.deepEqual(versions.map((text) => matcher.matches(parsePlatform(text))), [
      false,
      true,
      false,
      true,
    ]);
    // Since Server 2022, machines run images that are older than they are.
    assert.ok(runsOn(parsePlatform(windows("10.0.26100.1"))).matches(parsePlatform(versions[3]!)));
  });

  it("is true for a machine and itself, and so is madeFor", () => {
    fc.assert(fc.property(platforms, (platform) => {
      assert.ok(runsOn(platform).matches(platform) && madeFor(platform).matches(platform));
    }));
  });

  it("does not ask a machine for win32k", () => {
    assert.ok(madeFor(parsePlatform("windows/amd64")).matches(parsePlatform("windows(+win32k)/amd64")));
    assert.equal(madeFor(parsePlatform("linux/amd64")).matches(parsePlatform("linux(+win32k)/amd64")), false);
  });
});
