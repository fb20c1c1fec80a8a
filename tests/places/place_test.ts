import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { place, sourcePlace } from "../../mod.ts";
import { parsePlace } from "../../src/places/schemes.ts";
import type { Registry } from "../../src/registry/mod.ts";
import { fails } from "../../src/testing/errors.ts";

describe("place", () => {
  it("reads references as Docker's users write them", () => {
    const cases: Record<string, [registry: string, repository: string, name: string]> = {
      "alpine:3.20": ["docker.io", "library/alpine", "3.20"],
      "docker://alpine": ["docker.io", "library/alpine", "latest"],
      "localhost:5000/app:v1": ["localhost:5000", "app", "v1"],
      [`docker://quay.io/a/b@sha256:${"1".repeat(64)}`]: ["quay.io", "a/b", `sha256:${"1".repeat(64)}`],
      [`quay.io/a/b:v1@sha256:${"1".repeat(64)}`]: ["quay.io", "a/b", `sha256:${"1".repeat(64)}`],
      "docker://oci:5000/app:v1": ["oci:5000", "app", "v1"],
      "ocicat:v1": ["docker.io", "library/ocicat", "v1"],
    };
    for (const [text, expected] of Object.entries(cases)) {
      const { target, name } = place(text);
      const { registry, repository } = target as Registry;
      assert.deepEqual([registry, repository, name], expected, text);
    }
  });

  it("reads layouts as skopeo does: the directory ends at the first colon", () => {
    const cases: Record<string, [directory: string, name: string | undefined]> = {
      "oci:images": ["images", undefined],
      "oci:./images:alpine": ["./images", "alpine"],
      "oci:/a/b:docker.io/library/alpine:3.20": ["/a/b", "docker.io/library/alpine:3.20"],
      "oci:C:\\images:v1": ["C:\\images", "v1"],
      "oci:c:/images": ["c:/images", undefined],
    };
    for (const [text, expected] of Object.entries(cases)) {
      const { target, name } = place(text);
      assert.deepEqual([(target as unknown as { directory: string }).directory, name], expected, text);
    }
  });

  it("reads archives as skopeo does: the file ends at the first colon", () => {
    const cases: Record<string, [file: string, name: string | undefined]> = {
      "docker-archive:app.tar": ["app.tar", undefined],
      "docker-archive:./a.tar:localhost:5000/app:v1": ["./a.tar", "localhost:5000/app:v1"],
      "oci-archive:/tmp/a.tar.gz:v1": ["/tmp/a.tar.gz", "v1"],
      "oci-archive:C:\\a.tar:v1": ["C:\\a.tar", "v1"],
    };
    for (const [text, [file, name]] of Object.entries(cases)) {
      const { path, container } = parsePlace(text);
      assert.deepEqual([path, container], [
        file,
        text.slice(0, text.length - (name === undefined ? 0 : name.length + 1)),
      ]);
      assert.equal(sourcePlace(text).name, name);
    }
  });

  it("refuses what names no place", () => {
    for (const text of ["oci:", "oci::v1", "oci:images:"]) {
      assert.throws(() => place(text), fails("invalid-name", /^open "oci:.*": not oci:DIRECTORY/), text);
    }
    for (
      const text of [
        "containers-storage:alpine",
        "containers-storage:alpine",
        "https://ghcr.io/a/b",
        "oci://a/b",
      ]
    ) {
      assert.throws(() => place(text), fails("unsupported", /no such kind of place; there are/), text);
    }
    for (const text of ["docker-archive:", "oci-archive::v1", "oci-archive:a.tar:"]) {
      assert.throws(
        () => sourcePlace(text),
        fails("invalid-name", /archive:FILE or .*archive:FILE:NAME$/),
        text,
      );
    }
    assert.throws(
      () => place("docker-archive:app.tar"),
      fails("unsupported", /an archive, which is read or/),
    );
    assert.throws(() => place("UPPER"), fails("invalid-name", /"UPPER"/));
    assert.throws(() => place("a/b@sha256:1"), fails("invalid-digest", /sha256:1/));
  });
});
