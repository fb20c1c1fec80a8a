import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  formatPlatform,
  madeFor,
  normalizePlatform,
  parsePlatform,
  type Platform,
  runsOn,
  samePlatform,
  satisfies,
} from "../../src/spec/mod.ts";

const word = fc.stringMatching(/^[a-z0-9_-]{1,6}$/);
const option = fc.string({ unit: fc.constantFrom(..."aZ09.+%()/ :~*é😀"), minLength: 1, maxLength: 6 });
const platforms: fc.Arbitrary<Platform> = fc.record(
  {
    os: word,
    architecture: word,
    variant: word,
    "os.version": option,
    "os.features": fc.array(option, { minLength: 1 }),
  },
  { requiredKeys: ["os", "architecture"], noNullPrototype: true },
).map(normalizePlatform);

describe("parsePlatform", () => {
  it("reads back what formatPlatform writes", () => {
    fc.assert(fc.property(platforms, (platform) => {
      assert.ok(samePlatform(parsePlatform(formatPlatform(platform)), platform));
    }));
  });

  it("leaves open what is not said", () => {
    assert.deepEqual(parsePlatform("linux"), { os: "linux", architecture: "" });
    assert.deepEqual(parsePlatform("arm64"), { os: "", architecture: "arm64" });
    assert.equal(formatPlatform(parsePlatform("linux")), "linux");
    assert.equal(formatPlatform(parsePlatform("arm64")), "arm64");
  });

  it("takes go-containerregistry's version too", () => {
    assert.deepEqual(parsePlatform("windows/amd64:10.0.17763.1"), {
      os: "windows",
      architecture: "amd64",
      "os.version": "10.0.17763.1",
    });
  });

  it("refuses what is none", () => {
    for (
      const text of [
        "",
        "/",
        "a/b/c/d",
        "linux/",
        "/amd64",
        "*",
        "linux/amd64:",
        "l x/amd64",
        "unknown1",
        "linux(%ZZ)/amd64",
      ]
    ) {
      assert.throws(() => parsePlatform(text), { code: "invalid-name" }, text);
    }
  });
});

describe("normalizePlatform", () => {
  it("needs no second time", () => {
    fc.assert(fc.property(platforms, (platform) => assert.deepEqual(normalizePlatform(platform), platform)));
  });

  it("keeps unknown fields", () => {
    const platform = { os: "macOS", architecture: "x86_64", variant: "v1", extra: 1 };
    assert.deepEqual(normalizePlatform(platform), { os: "darwin", architecture: "amd64", extra: 1 });
  });
});

describe("satisfies", () => {
  const does = (candidate: string, wanted: string) =>
    satisfies(parsePlatform(candidate), parsePlatform(wanted));

  it("asks for nothing that is not wanted", () => {
    assert.ok(does("linux/arm/v6", "linux/arm"));
    assert.ok(does("windows(10.0.17763.1+win32k)/amd64", "windows/amd64"));
    assert.ok(does("linux/s390x", "linux"));
    assert.ok(does("linux/arm64", "arm64"));
  });

  it("knows a platform under its other names", () => {
    assert.ok(does("linux/arm64/v8", "linux/aarch64"));
    assert.ok(does("linux/arm64", "linux/arm64/v8"));
    assert.ok(does("linux/arm", "linux/arm/v7"));
    assert.ok(does("linux/amd64", "linux/amd64/v1"));
    assert.equal(does("linux/amd64/v3", "linux/amd64/v1"), false);
    assert.equal(does("linux/arm64/v9", "linux/arm64/v8"), false);
    assert.equal(does("linux/arm/v6", "linux/arm/v7"), false);
  });

  it("takes the beginning of a version, in whole numbers", () => {
    assert.ok(does("windows/amd64:10.0.17763.5576", "windows/amd64:10.0.17763"));
    assert.equal(does("windows/amd64:10.0.17763.5576", "windows/amd64:10.0.1776"), false);
    assert.equal(does("windows/amd64", "windows/amd64:10.0"), false);
  });

  it("is true for a platform and itself", () => {
    fc.assert(fc.property(platforms, (platform) => assert.ok(satisfies(platform, platform))));
  });
});

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
