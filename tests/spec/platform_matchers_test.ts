import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  anyOf,
  everyPlatform,
  except,
  formatPlatform,
  hostPlatform,
  madeFor,
  ordered,
  parsePlatform,
  parsePlatforms,
  type PlatformMatcher,
  runsOn,
  runsOnHost,
  sameSystem,
  sortPlatforms,
} from "../../src/spec/mod.ts";
import { fails } from "../../src/testing/errors.ts";

const sorted = (texts: string, matcher: PlatformMatcher) =>
  sortPlatforms(parsePlatforms(texts.split(" ")), matcher).map(formatPlatform).join(" ");
const of = (text: string) => parsePlatform(text);

/** What containerd's own matchers answer, observed with its code. */
const observed: readonly [(platform: ReturnType<typeof of>) => PlatformMatcher, string, string, boolean][] = [
  [runsOn, "linux/amd64", "linux/amd64/v1", true],
  [runsOn, "linux/amd64", "linux/amd64/v2", false],
  [runsOn, "linux/amd64/v3", "linux/386", true],
  [runsOn, "linux/amd64/v3", "linux/amd64/v4", false],
  [madeFor, "linux/amd64", "linux/386", false],
  [madeFor, "linux/amd64/v3", "linux/amd64", false],
  [madeFor, "linux/amd64", "linux/amd64/v1", true],
  [runsOn, "linux/386", "linux/amd64", false],
  [runsOn, "linux/arm64", "linux/arm64/v8", true],
  [runsOn, "linux/arm64", "linux/arm/v5", true],
  [runsOn, "linux/arm64", "linux/arm64/v8.1", false],
  [runsOn, "linux/arm64", "linux/arm64/v9", false],
  [runsOn, "linux/arm64/v8.2", "linux/arm64/v8.1", true],
  [runsOn, "linux/arm64/v9", "linux/arm64/v8.5", true],
  [runsOn, "linux/arm64/v9", "linux/arm64/v8.6", false],
  [runsOn, "linux/arm64/v9.2", "linux/arm64/v8.7", true],
  [runsOn, "linux/arm64/v9.4", "linux/arm64/v8.9", true],
  [madeFor, "linux/arm64", "linux/arm64/v8", true],
  [madeFor, "linux/arm64", "linux/arm/v7", false],
  [runsOn, "linux/arm/v7", "linux/arm/v6", true],
  [runsOn, "linux/arm/v6", "linux/arm", false],
  [runsOn, "linux/arm/v8", "linux/arm64", false],
  [runsOn, "linux/arm/v5", "linux/arm/v4", false],
  [runsOn, "linux/arm", "linux/armhf", true],
  [runsOn, "linux/arm", "linux/armel", true],
  [runsOn, "linux/amd64", "unknown/unknown", false],
  [runsOn, "windows(10.0.17763)/amd64", "windows/amd64", true],
  [runsOn, "windows(10.0.17763)/amd64", "windows(10.0.17763.100)/amd64", true],
  [runsOn, "windows(10.0.17763)/amd64", "windows(10.0.20348)/amd64", false],
  [runsOn, "windows(10.0.20348)/amd64", "windows(10.0.17763)/amd64", false],
  [runsOn, "windows(10.0.26100)/amd64", "windows(10.0.20348)/amd64", true],
  [runsOn, "windows(10.0.26100)/amd64", "windows(10.0.22621)/amd64", true],
  [runsOn, "windows(10.0.27000)/amd64", "windows(10.0.26100)/amd64", true],
  [runsOn, "windows/amd64", "windows(10.0.17763+win32k)/amd64", true],
  [runsOn, "linux/amd64", "linux(+gpu)/amd64", false],
  [runsOn, "linux(+gpu)/amd64", "linux/amd64", true],
  [runsOn, "linux(+gpu+simd)/amd64", "linux(+simd)/amd64", true],
  [runsOn, "linux(+gpu)/amd64", "linux(+gpu+simd)/amd64", false],
  [runsOn, "linux(5.10)/amd64", "linux(6.1)/amd64", true],
  [sameSystem, "linux/amd64", "linux/arm64", true],
  [sameSystem, "linux/amd64", "darwin/amd64", false],
];

describe("matchers of platforms", () => {
  for (const [make, machine, image, expected] of observed) {
    it(`${make.name} ${machine}: ${image}`, () =>
      assert.equal(make(of(machine)).matches(of(image)), expected));
  }

  it("sort what runs on a machine by how well it does", () => {
    assert.equal(
      sorted(
        "linux/s390x linux/arm/v5 linux/arm64 windows/amd64 linux/arm/v7 linux/arm64/v8.5 linux/arm64/v9 linux/arm/v6",
        runsOn(of("linux/arm64/v9")),
      ),
      "linux/arm64/v9 linux/arm64/v8.5 linux/arm64 linux/arm/v7 linux/arm/v6 linux/arm/v5 linux/s390x windows/amd64",
    );
  });

  it("take several platforms in order, or alike", () => {
    const texts = "linux/386 linux/amd64 linux/arm64 linux/amd64/v2";
    const [arm64, amd64] = parsePlatforms(["linux/arm64", "linux/amd64"]);
    const first = ordered(arm64!, amd64!);
    assert.equal(sorted(texts, first), "linux/arm64 linux/amd64 linux/386 linux/amd64/v2");
    assert.equal(sorted(texts, anyOf(arm64!, amd64!)), "linux/amd64 linux/arm64 linux/386 linux/amd64/v2");
    assert.ok(!first.matches(of("linux/386")) && !anyOf().matches(arm64!) && !ordered().matches(arm64!));
    assert.ok(everyPlatform.matches(of("plan9/386")));
    assert.equal(sorted(texts, everyPlatform), texts);
    assert.ok(except(first).matches(of("linux/386")) && !except(first).matches(amd64!));
    assert.throws(() => parsePlatforms(["linux/amd64", "*"]), fails("invalid-name"));
  });
});

describe("platforms of machines", () => {
  const level3 =
    "flags\t\t: cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 abm avx avx2 bmi1 bmi2 f16c fma movbe xsave";
  const rows: readonly [Parameters<typeof hostPlatform>[0], string][] = [
    [{ os: "linux", architecture: "x64" }, "linux/amd64"],
    [{ os: "linux", architecture: "amd64", cpuinfo: "flags : fpu" }, "linux/amd64"],
    [{ os: "linux", architecture: "x64", cpuinfo: level3 }, "linux/amd64/v3"],
    [{ os: "linux", architecture: "x64", cpuinfo: level3.replace("cx16 ", "") }, "linux/amd64"],
    [
      { os: "linux", architecture: "x64", cpuinfo: `${level3} avx512f avx512bw avx512cd avx512dq avx512vl` },
      "linux/amd64/v4",
    ],
    [{ os: "linux", architecture: "arm", cpuinfo: "CPU architecture: 7" }, "linux/arm/v7"],
    [
      { os: "linux", architecture: "arm", cpuinfo: "model name : ARMv6-compatible\nCPU architecture: 7" },
      "linux/arm/v6",
    ],
    [{ os: "linux", architecture: "arm64", cpuinfo: "CPU architecture: 8" }, "linux/arm64"],
    [{ os: "linux", architecture: "arm64", cpuinfo: "CPU architecture: AArch64" }, "linux/arm64"],
    [{ os: "win32", architecture: "x64", osVersion: "10.0.20348" }, "windows(10.0.20348)/amd64"],
    [{ os: "darwin", architecture: "arm64" }, "darwin/arm64"],
    [{ os: "linux", architecture: "s390x" }, "linux/s390x"],
  ];
  for (const [facts, expected] of rows) {
    it(JSON.stringify(facts).slice(0, 90), () => assert.equal(formatPlatform(hostPlatform(facts)), expected));
  }

  it("that run Linux besides prefer their own images", () => {
    const matcher = runsOnHost(of("darwin/arm64"));
    assert.equal(
      sorted("linux/amd64 linux/arm64 darwin/arm64", matcher),
      "darwin/arm64 linux/arm64 linux/amd64",
    );
    assert.ok(!matcher.matches(of("linux/amd64")));
    assert.ok(!runsOnHost(of("linux/arm64")).matches(of("darwin/arm64")));
  });
});
