import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServeConfig } from "../../../../src/cli/support/serve/config.ts";
import { storageOf } from "../../../../src/cli/support/serve/storage.ts";

const minio = "http://127.0.0.1:9000";

describe("storageOf", () => {
  const cases: [string, ServeConfig, Record<string, string>, boolean][] = [
    ["Amazon's bucket", {}, {}, true],
    ["both on this machine", { endpoint: minio }, {}, true],
    [
      "both on this machine, by name",
      { endpoint: "http://localhost:9000", address: "localhost:5000" },
      {},
      true,
    ],
    ["a registry for all", { endpoint: minio, address: ":5000" }, {}, false],
    ["a registry for all, as hosting services want it", { endpoint: minio }, { PORT: "5000" }, false],
    ["a bucket elsewhere", { endpoint: "http://minio:9000" }, {}, false],
    ["a bucket elsewhere, by the environment", {}, { AWS_ENDPOINT_URL: "https://s3.example.com" }, false],
    ["a bucket elsewhere that clients reach", { endpoint: "http://minio:9000", redirect: true }, {}, true],
    ["Amazon's bucket that clients do not reach", { redirect: false }, {}, false],
  ];
  for (const [what, config, env, redirect] of cases) {
    it(`${redirect ? "redirects" : "streams"}: ${what}`, async () => {
      const all = { s3: "s3://images", ...config };
      const storage = await storageOf(all, env, () => {}, new AbortController().signal);
      assert.equal(storage.redirect, redirect);
    });
  }
});
