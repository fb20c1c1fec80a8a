import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { immutable, memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage } from "../../src/image/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { testTarget } from "../../src/testing/mod.ts";

const one = emptyImage();
const other = emptyImage({ os: "linux", architecture: "arm64" });

describe("a target with immutable names", () => {
  it("gives a name once", async () => {
    const target = immutable(memory(), (name) => name.startsWith("v"));
    await copy(one, target, { name: "v1" });
    await copy(one, target, { name: "v1" });
    await rejects(copy(other, target, { name: "v1" }), "denied", /tag "v1": it is sha256:.* for good/);
    const { descriptor } = await copy(other, target, { name: "latest" });
    await copy(one, target, { name: "latest" });
    await rejects(target.tag("v1", descriptor), "denied");
    await target.tag("v2", descriptor);
    assert.equal((await target.resolve("v1")).descriptor.digest, await one.digest());
    await target.untag!("v1");
    await target.tag("v1", descriptor);
  });

  it("gives it to one of two", async () => {
    const target = immutable(memory());
    const both = await Promise.allSettled([one, other].map((image) => copy(image, target, { name: "v1" })));
    assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });
});

testTarget("memory with immutable names, none of them used", () => {
  const store = memory();
  const open = () => immutable(store, () => false);
  return Promise.resolve({ target: open(), again: open, close: () => Promise.resolve() });
});
