import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { HttpResponse } from "../../src/http/response.ts";
import { Timeout } from "../../src/http/timeout.ts";
import { checkBytes, checkStored } from "../../src/registry/digest_check.ts";
import { fails, rejects } from "../../src/testing/errors.ts";

const bytes = utf8("hello");
const digest = await digestBytes(bytes);
const sha512 = await digestBytes(bytes, "sha512");
const other = await digestBytes(utf8("other"));

describe("checking digests", () => {
  it("of bytes goes by the algorithm of the digest", async () => {
    await checkBytes(bytes, digest, { what: "read x", digestBytes });
    await checkBytes(bytes, sha512, { what: "read x", digestBytes });
    await rejects(
      checkBytes(bytes, other, { what: "read x", digestBytes }),
      "digest-mismatch",
      /^read x: the bytes are sha256:2cf24/,
    );
  });

  it("of what a registry stored believes only another digest of the same algorithm", () => {
    const response = (stored?: string) =>
      new HttpResponse(
        new Response(null, stored === undefined ? {} : { headers: { "docker-content-digest": stored } }),
        new Timeout(undefined, () => new Error("late")),
        { what: "write x", url: new URL("https://reg.test/"), idleTimeout: 1, errorLimit: 1 },
      );
    for (const stored of [undefined, "", "nonsense", digest, sha512]) checkStored(response(stored), digest);
    assert.throws(() => checkStored(response(other), digest), fails("digest-mismatch", /^write x: /));
  });
});
