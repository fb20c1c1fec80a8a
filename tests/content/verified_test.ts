import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { streamOf } from "../../src/bytes.ts";
import type { Source } from "../../src/content/contracts.ts";
import { memory, verified } from "../../src/content/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { contentOf, randomBytes } from "../../src/testing/content.ts";
import { counting, origin, read } from "./sources.ts";

describe("verified", () => {
  it("errors a stream that is not what its address says", async () => {
    const store = memory();
    const content = await contentOf(randomBytes(3000));
    await store.write(content);
    const lying: Source = { ...counting(store), open: () => Promise.resolve(streamOf(randomBytes(3000))) };
    await assert.rejects(read(verified(lying), content), { code: "digest-mismatch" });
    await assert.rejects(read(verified(store), { ...content, size: 2999 }), { code: "size-mismatch" });
    assert.equal((await read(verified(store), content)).byteLength, 3000);
  });

  it("passes on where bytes may be mounted from", async () => {
    const content = await contentOf(randomBytes(1));
    assert.deepEqual(await collect(verified(counting(memory())).origins!(content)), [origin]);
  });
});
