import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseBucket, s3Scheme } from "../../src/places/s3.ts";
import { registries } from "../../src/registry/mod.ts";
import { fails } from "../../src/testing/errors.ts";

describe("buckets as places", () => {
  it("name a bucket, a prefix, a repository and a tag or a digest", () => {
    const digest = `sha256:${"1".repeat(64)}`;
    const cases: Record<string, [container: string, name: string | undefined]> = {
      "images:app": ["s3:images:app", "latest"],
      "images/a/b:acme/app:v1": ["s3:images/a/b:acme/app", "v1"],
      [`images/a:acme/app@${digest}`]: ["s3:images/a:acme/app", digest],
      "images/a": ["s3:images/a", undefined],
    };
    for (const [rest, expected] of Object.entries(cases)) {
      const { container, name } = s3Scheme.parse(rest, `s3:${rest}`);
      assert.deepEqual([container, name], expected, rest);
    }
    for (const rest of ["", ":app", "/a:app", "images:APP", "images:app:"]) {
      assert.throws(() => s3Scheme.parse(rest, `s3:${rest}`), fails("invalid-name"), rest);
    }
  });

  it("are opened where they name a repository", () => {
    const clients = { registry: registries(), s3: { endpoint: "http://localhost:1" } };
    const { container, target } = s3Scheme.parseContainer("images/a:acme/app", "s3:images/a:acme/app");
    assert.equal(container, "s3:images/a:acme/app");
    assert.equal(typeof target!(clients).write, "function");
    const all = s3Scheme.parseContainer("images", "s3:images");
    assert.throws(() => all.target!(clients), fails("invalid-name", /write s3:images:REPOSITORY:TAG$/));
    assert.throws(() => s3Scheme.parseContainer("images:app:v1", "s3:images:app:v1"), fails("invalid-name"));
  });

  it("are written as URLs for servers", () => {
    assert.deepEqual(parseBucket("s3://images/a/b"), { bucket: "images", prefix: "a/b" });
    assert.deepEqual(parseBucket("s3://images"), { bucket: "images", prefix: "" });
    for (const text of ["images", "s3:images", "s3:///a", "s3://images:5000/a"]) {
      assert.throws(() => parseBucket(text), fails("invalid-name"), text);
    }
  });
});
