import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { openRoot } from "../../src/image/mod.ts";
import { type Layout, layout } from "../../src/layout/mod.ts";
import type { Descriptor } from "../../src/spec/mod.ts";
import { collect, contentOf, inDirectory, putImage } from "./support.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { fails } from "../archive/support.ts";
import { hexOf } from "../../src/spec/digest.ts";

const large = new Uint8Array(700_000).map((_, i) => i * i);

/** Two layouts, and in the first an image with a layer that is worth sharing. */
function withLayouts(
  work: (from: Layout, to: Layout, layer: Descriptor, image: Descriptor) => Promise<void>,
): Promise<void> {
  return inDirectory(async (directory) => {
    const from = layout(join(directory, "from"));
    const to = layout(join(directory, "to"), { link: true });
    const { descriptor: layer } = await from.write(await contentOf(large));
    const small = await putImage(from, "a");
    const document = JSON.parse(await readFile(pathIn(from, small), "utf8"));
    document.layers.push({ ...layer, mediaType: mediaTypes.ociLayer });
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    const manifest = await contentOf(bytes, mediaTypes.ociManifest);
    const { descriptor: image } = await from.write(manifest, { role: "manifest", name: "v1" });
    await work(from, to, layer, image);
  });
}

function pathIn({ directory }: Layout, { digest }: Descriptor): string {
  return join(directory, "blobs/sha256", hexOf(digest));
}

describe("a layout that may link", () => {
  it("shares the blobs of another on its disk, and goes on without it", () =>
    withLayouts(async (from, to, layer) => {
      await copy(await openRoot(from, "v1"), to, { name: "v1", session: "linked" });
      const [there, here] = await Promise.all([from, to].map((at) => stat(pathIn(at, layer))));
      assert.equal(here!.ino, there!.ino);
      await from.delete(layer, { role: "blob" });
      assert.deepEqual(new Uint8Array(await readFile(pathIn(to, layer))), large);
      assert.deepEqual(await collect(to.names()), ["v1"]);
    }));

  it("takes nothing that is not what it should be", () =>
    withLayouts(async (from, to, layer) => {
      await writeFile(pathIn(from, layer), large.slice().fill(1, 10, 20));
      await assert.rejects(
        copy(await openRoot(from, "v1"), to, { name: "v1" }),
        fails("digest-mismatch", /sha256:/),
      );
      await assert.rejects(stat(pathIn(to, layer)), /ENOENT/);
      assert.deepEqual(await collect(to.names()), []);
    }));

  it("copies unless it is asked to", () =>
    withLayouts(async (from, { directory }, layer) => {
      const to = layout(directory);
      await copy(await openRoot(from, "v1"), to, { name: "v1" });
      const [there, here] = await Promise.all([from, to].map((at) => stat(pathIn(at, layer))));
      assert.notEqual(here!.ino, there!.ino);
    }));
});
