import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { fake } from "./fake.ts";
import { rejects } from "../../src/testing/errors.ts";

const type = "application/vnd.oci.image.index.v1+json";
const text = `{"schemaVersion":2,"mediaType":"${type}",\n"manifests":[]}`;
const digest = await digestBytes(utf8(text));

describe("resolving a digest", () => {
  it("of a blob asks for its size", async () => {
    const blob = `/v2/app/blobs/${digest}`;
    const { app, calls } = fake({ [`HEAD ${blob}`]: { headers: { "content-length": "7" } } });
    assert.deepEqual((await app.resolve(digest, { role: "blob" })).descriptor, {
      mediaType: "application/octet-stream",
      digest,
      size: 7,
    });
    assert.deepEqual(calls(), [`HEAD ${blob}`]);
    const get = fake({ [`HEAD ${blob}`]: { status: 405 }, [`GET ${blob}`]: { body: text } });
    assert.equal((await get.app.resolve(digest, { role: "blob" })).descriptor.size, text.length);
    const whole = await get.app.resolve(digest, { role: "blob", document: true });
    assert.equal(whole.document!.byteLength, text.length);
    const wrong = fake({ [`GET ${blob}`]: { body: "wrong" } });
    await rejects(wrong.app.resolve(digest, { role: "blob", document: true }), "digest-mismatch");
  });
});
