import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { contentOf, randomBytes } from "../../src/testing/content.ts";

describe("a write", () => {
  it("reads no further than the content says it goes", async () => {
    let made = 0;
    const endless = new ReadableStream<Bytes>({
      pull(controller) {
        made += 1000;
        controller.enqueue(new Uint8Array(1000));
      },
    }, { highWaterMark: 0 });
    const content = {
      ...await contentOf(randomBytes(5000)),
      replayable: false,
      open: () => Promise.resolve(endless),
    };
    await assert.rejects(memory().write(content), { code: "size-mismatch" });
    assert.equal(made, 6000);
  });
});
