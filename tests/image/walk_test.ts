import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openRoot, walk } from "../../src/image/mod.ts";
import { multi } from "./documents.ts";

describe("walk", () => {
  it("goes depth first", async () => {
    const { store, index } = await multi();
    const seen: string[] = [];
    for await (const { content, depth } of walk(await openRoot(store, index.digest))) {
      seen.push(`${depth} ${content.mediaType.split(".").slice(3).join(".")}`);
    }
    const image = (
      depth: number,
    ) => [`${depth} manifest.v1+json`, `${depth + 1} layer.v1.tar`, `${depth + 1} config.v1+json`];
    assert.deepEqual(seen, [
      "0 index.v1+json",
      ...image(1),
      ...image(1),
      "1 index.v1+json",
      ...image(2),
    ]);
  });

  it("goes only into what is wanted", async () => {
    const { store, index } = await multi();
    const depths: number[] = [];
    for await (
      const { depth } of walk(await openRoot(store, index.digest), { into: ({ depth }) => depth < 1 })
    ) {
      depths.push(depth);
    }
    assert.deepEqual(depths, [0, 1, 1, 1]);
  });
});
