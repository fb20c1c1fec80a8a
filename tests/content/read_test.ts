import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sameBytes } from "../../src/bytes.ts";
import { memory, readDocument } from "../../src/content/mod.ts";
import { contentOf, randomBytes } from "../../src/testing/content.ts";

describe("readDocument", () => {
  it("refuses what is over the limit, said or unsaid", async () => {
    const store = memory();
    const content = await contentOf(randomBytes(3000));
    await store.write(content);
    await assert.rejects(readDocument(store, content, { limit: 2999 }), { code: "too-large" });
    await assert.rejects(readDocument(store, { digest: content.digest }, { limit: 2999 }), {
      code: "too-large",
    });
  });

  it("takes bytes that the descriptor carries, if they are right", async () => {
    const bytes = randomBytes(30);
    const content = await contentOf(bytes);
    const data = btoa(String.fromCharCode(...bytes));
    assert.ok(sameBytes(await readDocument(memory(), { ...content, data }), bytes));
    for (const wrong of [btoa("something else"), "no base64!"]) {
      await assert.rejects(readDocument(memory(), { ...content, data: wrong }), { code: "not-found" });
    }
  });
});
