import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  formatPlatform,
  normalizePlatform,
  parsePlatform,
  samePlatform,
  satisfies,
} from "../../src/spec/mod.ts";
import { platforms } from "./platforms.ts";

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
