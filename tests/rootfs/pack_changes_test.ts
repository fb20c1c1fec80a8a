import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { emptyImage, type Image, type Layer, layer } from "../../src/image/mod.ts";
import { packChanges, type PackOptions, recordedOwners, unpack } from "../../src/rootfs/mod.ts";
import { type TarItem, writeTar } from "../../src/tar/mod.ts";
import { Refused, unpack as model } from "../tree/model.ts";
import { layerOf as layerOfEntries, stacks } from "../tree/stacks.ts";
import { inDirectory } from "../support/directory.ts";
import { entriesOf, file, written } from "../tar/tools.ts";
import { layerOf, see } from "./unpack/support.ts";

const isRoot = process.getuid?.() === 0;

function imageOf(layers: readonly Layer[]): Image {
  return layers.reduce((image, layer) => image.append(layer), emptyImage());
}

function comparable(directory: string): unknown {
  return [...see(directory)].filter(([path]) => path !== ".").map(([path, { type, mode, uid, content }]) => ({
    path,
    type,
    mode,
    uid,
    content,
  }));
}

async function changed(image: Image, directory: string, options?: PackOptions): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of packChanges(image, directory, options)) paths.push(path);
  return paths;
}

describe("packChanges", () => {
  it("gives nothing for what was unpacked, and then what is changed", () =>
    inDirectory(async (outer) => {
      const image = imageOf([
        layerOf(() => [file("d/a", "1"), file("d/b", "2"), file("e/c", "3", { uid: 7 })]),
      ]);
      const root = join(outer, "root");
      await unpack(image, root);
      assert.deepEqual(await changed(image, root), []);
      if (isRoot) assert.deepEqual(await changed(image, root, { owner: "keep", mtime: "keep" }), []);
      writeFileSync(join(root, "d/a"), "9");
      rmSync(join(root, "d/b"));
      chmodSync(join(root, "e/c"), 0o600);
      assert.deepEqual(await changed(image, root), ["d/", "d/a", "d/.wh.b", "e/", "e/c"]);
    }));

  const whole = { skip: isRoot ? false : "only the superuser may look into all that the stacks have" };
  it("makes one image's root into another's", whole, () =>
    inDirectory(async (outer) => {
      const [after, again] = [join(outer, "after"), join(outer, "again")];
      const property = fc.asyncProperty(stacks, fc.nat({ max: 3 }), async (stack, kept) => {
        const below = stack.slice(0, kept);
        try {
          model(stack);
          model(below);
        } catch (error) {
          if (error instanceof Refused) return;
          throw error;
        }
        await unpack(stack.map(layerOfEntries), after);
        const image = imageOf(below.map(layerOfEntries));
        const changes = layer(() => writeTar(packChanges(image, after)), { compression: "none" });
        await unpack([...await image.layers(), changes], again);
        assert.deepEqual(comparable(again), comparable(after));
        for (const directory of [after, again]) rmSync(directory, { recursive: true });
      });
      await fc.assert(property, { numRuns: 40, seed: 4 });
    }));

  it("gives the same bytes each time", () =>
    inDirectory(async (outer) => {
      const image = imageOf([layerOf(() => [file("a", "1")])]);
      const root = join(outer, "root");
      await unpack(image, root);
      writeFileSync(join(root, "b"), "2");
      const tar = await written(packChanges(image, root));
      writeFileSync(join(root, "b"), "2");
      assert.deepEqual(await written(packChanges(image, root)), tar);
    }));

  it("takes owners, modes and what could not be made from the record", () =>
    inDirectory(async (outer) => {
      const device = {
        type: "character-device",
        path: "dev/x",
        options: { devmajor: 1, devminor: 3 },
      } as TarItem;
      const image = imageOf([
        layerOf(() => [file("su", "1", { mode: 0o4755, uid: 7 }), file("a", "2"), device]),
      ]);
      const root = join(outer, "root");
      const { skipped } = await unpack(image, root, { owners: "record" });
      const owner = (await recordedOwners(root))!;
      assert.equal(owner.get("dev/x")?.missing, skipped.length > 0 ? true : undefined);
      assert.equal(existsSync(join(root, "dev/x")), skipped.length === 0);
      assert.deepEqual(await changed(image, root, { owner }), []);
      writeFileSync(join(root, "su"), "3");
      const [{ entry }] = await entriesOf(await written(packChanges(image, root, { owner }))) as [
        Awaited<ReturnType<typeof entriesOf>>[0],
      ];
      assert.deepEqual([entry.path, entry.mode, entry.uid], ["su", 0o4755, 7]);
      assert.equal(await recordedOwners(outer), undefined);
      writeFileSync(`${root}.owners.json`, "not JSON");
      await assert.rejects(recordedOwners(root), /no owners of files/);
      assert.equal(readFileSync(join(root, "a"), "utf8"), "2");
    }));
});
