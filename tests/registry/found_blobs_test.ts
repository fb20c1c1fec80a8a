import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { FoundBlobs } from "../../src/registry/found_blobs.ts";
import { plainContent } from "../../src/testing/content.ts";

const digest = await digestBytes(utf8("x"));

describe("blobs that were found", () => {
  it("are taken out once", () => {
    const found = new FoundBlobs();
    const content = plainContent(utf8("x"));
    found.add(digest, content);
    assert.deepEqual(found.take([digest, digest]), [content]);
    assert.deepEqual(found.take([digest]), []);
  });

  it("that can be read only once are not kept, nor endlessly many", () => {
    const found = new FoundBlobs();
    found.add(digest, plainContent(utf8("x"), { replayable: false }));
    assert.deepEqual(found.take([digest]), []);
    const name = (n: number) => `sha256:${n.toString(16).padStart(64, "0")}` as const;
    for (let n = 0; n < 10_005; n++) found.add(name(n), plainContent(utf8("x")));
    assert.deepEqual(found.take([name(4)]), []);
    assert.equal(found.take([name(5), name(10_004)]).length, 2);
  });
});
