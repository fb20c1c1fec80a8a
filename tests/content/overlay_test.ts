import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Source, Target } from "../../src/content/contracts.ts";
import { memory, overlay } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage } from "../../src/image/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { contentOf, randomBytes } from "../../src/testing/content.ts";
import { counting, origin, read } from "./sources.ts";

testTarget("overlay over memory", () => {
  const target = overlay(memory(), memory());
  return Promise.resolve({ target, again: () => target, close: () => Promise.resolve() });
});

describe("overlay", () => {
  it("reads what is not in it from below and writes only on top", async () => {
    const [upper, lower] = [memory(), memory()];
    const [a, b] = [await contentOf(randomBytes(100)), await contentOf(randomBytes(100))];
    await lower.write(a);
    const both = overlay(upper, lower);
    assert.equal((await read(both, a)).byteLength, 100);
    await both.write(b);
    await assert.rejects(read(lower, b), { code: "not-found" });
    assert.equal((await read(upper, b)).byteLength, 100);
  });

  it("passes errors on that are not about what is missing", async () => {
    const broken: Source = {
      resolve: () => Promise.reject(new Error("disk on fire")),
      open: () => Promise.reject(new Error("disk on fire")),
    };
    const bytes = await contentOf(randomBytes(10));
    await assert.rejects(read(overlay(memory(), broken, memory()), bytes), /disk on fire/);
  });

  it("lists what any of its sources can list, each once, and nothing that none can", async () => {
    const [upper, lower] = [memory(), memory()];
    for (const [target, names] of [[upper, ["a", "b"]], [lower, ["b", "c"]]] as const) {
      for (const name of names) await copy(emptyImage(), target, { name });
    }
    const bare = counting(memory());
    assert.deepEqual(await collect(overlay(upper, bare, lower).names!()), ["a", "b", "c"]);
    const mute: Target = { ...bare, write: upper.write, tag: upper.tag };
    const none = overlay(mute, bare);
    assert.deepEqual([none.names, none.roots, none.referrers], [undefined, undefined, undefined]);
    assert.equal((await collect(overlay(mute, lower).roots!())).length, 2);
  });

  it("passes on where bytes may be mounted from", async () => {
    const content = await contentOf(randomBytes(1));
    assert.deepEqual(await collect(overlay(memory(), counting(memory())).origins!(content)), [origin]);
  });
});
