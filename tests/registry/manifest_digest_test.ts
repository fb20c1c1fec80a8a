import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { checkManifest, digestManifest } from "../../src/registry/manifest_digest.ts";
import { schema1Payload } from "../../src/spec/schema1.ts";
import { rejects } from "../../src/testing/errors.ts";
import { signedSchema1 } from "../support/schema1.ts";

const index = utf8('{"schemaVersion":2,"manifests":[]}');

const options = { what: "x", signedPart: schema1Payload, digestBytes };

describe("the digest of a manifest", () => {
  it("is that of its bytes, by the algorithm that the registry used if that is right", async () => {
    const [short, long] = [await digestBytes(index), await digestBytes(index, "sha512")];
    assert.equal(await digestManifest(index, "", options), short);
    assert.equal(await digestManifest(index, long, options), long);
    for (const wrong of [`${long.slice(0, -1)}${long.endsWith("0") ? 1 : 0}`, "sha256:../../x", "md5:00"]) {
      assert.equal(await digestManifest(index, wrong, options), short);
    }
    await checkManifest(index, short, options);
    await checkManifest(index, long, options);
    await rejects(checkManifest(index, await digestBytes(utf8("other")), options), "digest-mismatch");
  });

  it("of schema 1 is that of what was signed", async () => {
    const { bytes, digest } = await signedSchema1([]);
    assert.equal(await digestManifest(bytes, "", options), digest);
    await checkManifest(bytes, digest, options);
    // Some keep it under the digest of all of it, as an archive does.
    await checkManifest(bytes, await digestBytes(bytes), options);
    await rejects(checkManifest(bytes, await digestBytes(index), options), "digest-mismatch");
  });
});
