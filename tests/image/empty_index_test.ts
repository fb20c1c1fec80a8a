import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyIndex } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { rejects } from "../../src/testing/errors.ts";

describe("an empty index", () => {
  it("names nothing, and can be written", async () => {
    const target = memory();
    const { descriptor } = await copy(emptyIndex(), target, { name: "v1" });
    assert.equal(descriptor.mediaType, mediaTypes.ociIndex);
    assert.deepEqual(await emptyIndex().children(), []);
    await rejects(emptyIndex().select(), "no-platform", /select linux\/amd64 of an index: it offers nothing/);
  });
});
