import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { HttpError } from "../../src/server/http_error.ts";
import { routeOf } from "../../src/server/routes.ts";

const digest = `sha256:${"a".repeat(64)}`;
const id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

const routes: [string, Record<string, unknown>][] = [
  ["/v2", { kind: "ping" }],
  ["/v2/", { kind: "ping" }],
  ["/v2/_catalog", { kind: "catalog" }],
  ["/v2/app/manifests/v1", { kind: "manifest", repository: "app", reference: { tag: "v1" } }],
  [`/v2/a/b/c/manifests/${digest}`, { kind: "manifest", repository: "a/b/c", reference: { digest } }],
  [`/v2/a/manifests/${digest.replace(":", "%3A")}`, {
    kind: "manifest",
    repository: "a",
    reference: { digest },
  }],
  [`/v2/app/blobs/${digest}`, { kind: "blob", repository: "app", digest }],
  ["/v2/app/blobs/uploads", { kind: "uploads", repository: "app" }],
  ["/v2/app/blobs/uploads/", { kind: "uploads", repository: "app" }],
  [`/v2/app/blobs/uploads/${id}`, { kind: "upload", repository: "app", id }],
  ["/v2/app/tags/list", { kind: "tags", repository: "app" }],
  [`/v2/app/referrers/${digest}`, { kind: "referrers", repository: "app", digest }],
  // Repositories that are called like routes.
  ["/v2/a/blobs/uploads/manifests/v1", {
    kind: "manifest",
    repository: "a/blobs/uploads",
    reference: { tag: "v1" },
  }],
  [`/v2/a/blobs/uploads/blobs/${digest}`, { kind: "blob", repository: "a/blobs/uploads", digest }],
  ["/v2/a/blobs/uploads/blobs/uploads/", { kind: "uploads", repository: "a/blobs/uploads" }],
  [`/v2/a/blobs/uploads/blobs/uploads/${id}`, { kind: "upload", repository: "a/blobs/uploads", id }],
  ["/v2/manifests/tags/list", { kind: "tags", repository: "manifests" }],
  ["/v2/tags/list/tags/list", { kind: "tags", repository: "tags/list" }],
  ["/v2/uploads/manifests/manifests", {
    kind: "manifest",
    repository: "uploads",
    reference: { tag: "manifests" },
  }],
  ["/v2/a/manifests/uploads", { kind: "manifest", repository: "a", reference: { tag: "uploads" } }],
];

const refusals: [string, number, string][] = [
  ["/", 404, "UNSUPPORTED"],
  ["/v1/search", 404, "UNSUPPORTED"],
  ["/v2x", 404, "UNSUPPORTED"],
  ["/v2/app", 404, "UNSUPPORTED"],
  ["/v2/app/tags", 404, "UNSUPPORTED"],
  ["/v2/app/tags/list/", 404, "UNSUPPORTED"],
  ["/v2/manifests/v1", 400, "NAME_INVALID"],
  ["/v2//app/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/a//b/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/App/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/a..b/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/../manifests/v1", 400, "NAME_INVALID"],
  ["/v2/a/%2e%2e/b/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/a%2fb/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/a%00/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/ü/manifests/v1", 400, "NAME_INVALID"],
  ["/v2/_catalog/manifests/v1", 400, "NAME_INVALID"],
  [`/v2/${"a".repeat(256)}/manifests/v1`, 400, "NAME_INVALID"],
  ["/v2/a/manifests/", 400, "TAG_INVALID"],
  ["/v2/a/manifests/.v1", 400, "TAG_INVALID"],
  ["/v2/a/manifests/..%2fx", 400, "TAG_INVALID"],
  ["/v2/a/manifests/%ff", 400, "TAG_INVALID"],
  ["/v2/a/manifests/v1%0a", 400, "TAG_INVALID"],
  [`/v2/a/manifests/${"t".repeat(129)}`, 400, "TAG_INVALID"],
  ["/v2/a/manifests/sha256:totallywrong", 400, "DIGEST_INVALID"],
  ["/v2/a/manifests/sha256:..%2f..%2fx", 400, "DIGEST_INVALID"],
  [`/v2/a/blobs/${digest.toUpperCase()}`, 400, "DIGEST_INVALID"],
  [`/v2/a/blobs/sha256:${"A".repeat(64)}`, 400, "DIGEST_INVALID"],
  [`/v2/a/blobs/${digest}0`, 400, "DIGEST_INVALID"],
  [`/v2/a/blobs/blake3:${"a".repeat(64)}`, 400, "DIGEST_INVALID"],
  ["/v2/a/blobs/", 400, "DIGEST_INVALID"],
  ["/v2/a/referrers/v1", 400, "DIGEST_INVALID"],
  ["/v2/a/blobs/uploads/guess", 404, "BLOB_UPLOAD_UNKNOWN"],
  ["/v2/a/blobs/uploads/..%2f..%2fx", 404, "BLOB_UPLOAD_UNKNOWN"],
  [`/v2/a/blobs/uploads/${id.toUpperCase()}`, 404, "BLOB_UPLOAD_UNKNOWN"],
];

describe("routeOf", () => {
  for (const [path, route] of routes) {
    it(`reads ${path}`, () => assert.deepEqual(routeOf(path), route));
  }
  for (const [path, status, code] of refusals) {
    it(`refuses ${path.slice(0, 60)}`, () => {
      assert.throws(
        () => routeOf(path),
        (error) => error instanceof HttpError && error.status === status && error.entries[0]?.code === code,
      );
    });
  }
});
