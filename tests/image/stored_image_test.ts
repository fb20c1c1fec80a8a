import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Source } from "../../src/content/contracts.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

describe("an image in a source", () => {
  it("fetches nothing until it is asked, and each thing once", async () => {
    const store = memory();
    await copy(emptyImage().append(layer(randomBytes(512), { compression: "none" })), store, { name: "v1" });
    const asked: string[] = [];
    const source: Source = {
      resolve: (name, options) => {
        asked.push(`resolve ${name} ${options?.document ? "with document" : ""}`);
        return store.resolve(name, options);
      },
      open: (what, options) => {
        asked.push(`open ${what.mediaType}`);
        return store.open(what, options);
      },
    };
    const image = await openImage(source, "v1");
    await Promise.all([image.digest(), image.layers(), image.manifest(), image.rawManifest()]);
    assert.deepEqual(asked, ["resolve v1 with document"]);
    await Promise.all([image.config(), image.config(), (await image.layers())[0]!.diffID()]);
    assert.deepEqual(asked.slice(1), [`open ${mediaTypes.ociConfig}`]);
  });

  it("tries again what has failed", async () => {
    const store = memory();
    await copy(emptyImage(), store, { name: "v1" });
    let failures = 1;
    const flaky: Source = {
      resolve: (name, options) => store.resolve(name, options),
      open: (what, options) =>
        failures-- > 0 ? Promise.reject(new Error("flaky")) : store.open(what, options),
    };
    const image = await openImage(flaky, "v1");
    await assert.rejects(image.config(), /flaky/);
    assert.equal((await image.config()).os, "linux");
  });
});
