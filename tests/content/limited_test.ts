import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll } from "../../src/bytes.ts";
import { limited, memory } from "../../src/content/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { contentOf, randomBytes } from "../../src/testing/content.ts";
import { counting, origin } from "./sources.ts";

describe("limited", () => {
  it("holds a slot until a stream ends or is cancelled", async () => {
    const store = memory();
    const content = await contentOf(randomBytes(3000));
    await store.write(content);
    const source = limited(store, 1);
    const first = await source.open(content);
    let second: ReadableStream<Bytes> | undefined;
    const waiting = source.open(content).then((stream) => second = stream);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(second, undefined);
    await first.cancel();
    await waiting;
    await readAll(second!, { limit: 1e5, what: "second" });
    await readAll(await source.open(content), { limit: 1e5, what: "third" });
  });

  it("passes on where bytes may be mounted from", async () => {
    const content = await contentOf(randomBytes(1));
    assert.deepEqual(await collect(limited(counting(memory()), 1).origins!(content)), [origin]);
  });
});
