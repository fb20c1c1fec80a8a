import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { GantryError } from "../../src/errors.ts";
import { emptyImage, type Image, type Layer, layer } from "../../src/image/mod.ts";
import { Temporary } from "../../src/disk/temporary.ts";
import { type TarItem, writeTar } from "../../src/tar/mod.ts";
import { openTree, squash, type TreeFile } from "../../src/tree/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { layerOf, stacks } from "./stacks.ts";

const plain = { compression: "none" } as const;

/** A tree by its paths; of the names of one file each tells all. */
async function treeOf(image: Image): Promise<Map<string, unknown>> {
  await using tree = await openTree(image, { digests: true });
  const files = new Map<string, TreeFile>([...tree.files()].map((file) => [file.path, file]));
  const names = new Map<string, string[]>();
  for (const { path, type, linkname } of files.values()) {
    const first = type === "hardlink" ? linkname! : path;
    names.set(first, [...names.get(first) ?? [], path].sort());
  }
  const found = new Map<string, unknown>();
  for (const { path, type, linkname } of files.values()) {
    const first = type === "hardlink" ? linkname! : path;
    const { layer: _, linkname: link, path: __, ...facts } = files.get(first)!;
    found.set(path, { ...facts, link: facts.type === "symlink" ? link : undefined, names: names.get(first) });
  }
  return new Map([...found].sort(([a], [b]) => a < b ? -1 : 1));
}

describe("squashing layers", () => {
  it("leaves the file system as it is, whichever layers become one", async () => {
    let squashed = 0;
    await fc.assert(
      fc.asyncProperty(stacks, fc.nat(), fc.nat(), async (stack, a, b) => {
        const image = stack.map(layerOf).reduce((image, one) => image.append(one), emptyImage());
        const from = a % stack.length;
        const to = from + 1 + b % (stack.length - from);
        const before = await treeOf(image).catch((error) => {
          if (GantryError.is(error, "invalid-archive")) return undefined;
          throw error;
        });
        if (!before) return;
        const edited = image.edit(squash({ from, to, ...plain }));
        assert.equal((await edited.layers()).length, stack.length - (to - from) + 1);
        assert.deepEqual(await treeOf(edited), before);
        squashed++;
      }),
      { numRuns: 150, seed: 7 },
    );
    assert.ok(squashed > 70, `${squashed} squashed`);
  });

  it("keeps the tars of the layers that become one, and of those below only what has a name in these alone", async () => {
    const file = (path: string, text: string): TarItem => {
      const blob = new Blob([text]);
      return { type: "file", path, size: blob.size, readable: blob.stream() };
    };
    const tar = (items: () => TarItem[]) => layer(() => writeTar(items()), plain);
    const base = tar(() => [file("old", "kept"), file("other", "other")]);
    const link = tar(() => [{ type: "hardlink", path: "new", linkname: "old" }]);
    const upper = tar(() => [file(".wh.old", ""), file("more", "more")]);
    const { create } = Temporary;
    let kept = 0;
    Temporary.create = () => {
      kept++;
      return create();
    };
    try {
      const of = (...layers: Layer[]) => layers.reduce((image, one) => image.append(one), emptyImage());
      const simple = of(base, upper, upper);
      await simple.edit(squash({ from: 1, ...plain })).digest();
      assert.equal(kept, 2);
      const linked = of(base, link, upper);
      const before = await treeOf(linked);
      kept = 0;
      const squashed = linked.edit(squash({ from: 1, ...plain }));
      await squashed.digest();
      assert.equal(kept, 3);
      assert.deepEqual(await treeOf(squashed), before);
    } finally {
      Temporary.create = create;
    }
  });

  it("says in the config what became of it, and what is wrong", async () => {
    const tar = (path: string) => layer(() => writeTar([{ type: "file", path }]), plain);
    const base = emptyImage().append(tar("base"));
    const image = base.append(tar("a"), { history: { created_by: "one" } })
      .configure({ cmd: ["/app"] })
      .append(tar("b"), { history: { created_by: "two" } });
    const squashed = image.edit(squash({ from: base, ...plain }));
    const { rootfs, history, config } = await squashed.config();
    assert.deepEqual(
      rootfs.diff_ids,
      await Promise.all((await squashed.layers()).map((one) => one.diffID())),
    );
    assert.deepEqual(config?.Cmd, ["/app"]);
    assert.equal(history!.at(-1)!.created_by, "gantry squash");
    const gone = JSON.parse(history!.at(-1)!.comment!).map((one: { created_by?: string }) => one.created_by);
    assert.ok(gone.includes("one") && gone.includes("two"), gone.join());
    assert.equal(history!.filter(({ empty_layer }) => !empty_layer).length, 2);
    const layers = await squashed.layers();
    assert.equal(await layers[0]!.digest(), await (await image.layers())[0]!.digest());
    await rejects(
      image.edit(squash({ from: 2, to: 1 })).digest(),
      "not-found",
      /squash layers 2 to 1: the image has 3/,
    );
    await rejects(image.edit(squash({ to: 4 })).digest(), "not-found");
    await rejects(
      image.edit(squash({ from: emptyImage().append(tar("x")) })).digest(),
      "conflict",
      /not built on/,
    );
  });
});
