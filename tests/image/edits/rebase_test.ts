import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  checkBase,
  emptyImage,
  type Image,
  type Layer,
  rebase,
  setSubject,
  validate,
} from "../../../src/image/mod.ts";
import type { ConfigFile } from "../../../src/spec/mod.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { digestsOf, file, layerWith } from "../tars.ts";

const layers: Layer[] = Array.from({ length: 12 }, (_, i) => layerWith(() => [file(`file-${i}`, `${i}`)]));
/** An image of these layers, each with an entry of history, and empty entries before those in `empty`. */
function stack(base: Image, indexes: readonly number[], empty: readonly number[] = []): Image {
  let image = base;
  for (const index of indexes) {
    if (empty.includes(index)) image = image.edit({ config: emptyEntry(`ENV ${index}`) });
    image = image.append(layers[index]!, { history: { created_by: `layer ${index}` } });
  }
  return image;
}
function emptyEntry(created_by: string) {
  return (config: ConfigFile) =>
    void (config.history = [...config.history ?? [], { created_by, empty_layer: true }]);
}
const linux = emptyImage();
const arm = emptyImage({ os: "linux", architecture: "arm", variant: "v7" });

describe("rebase", () => {
  it("puts the layers and the history on the new base, which tells the platform", async () => {
    const [oldBase, newBase] = [stack(linux, [0, 1], [1]), stack(arm, [2, 3, 4], [2])];
    const image = stack(oldBase, [5, 6], [5]).configure({ cmd: ["/app"], created: "2020-01-01T00:00:00Z" });
    const rebased = image.edit(rebase(oldBase, newBase, { name: "alpine:3.20" }));
    assert.deepEqual(await digestsOf(rebased), await digestsOf(stack(linux, [2, 3, 4, 5, 6])));
    const { architecture, variant, config, created, history } = await rebased.config();
    assert.deepEqual([architecture, variant, config?.Cmd, created], [
      "arm",
      "v7",
      ["/app"],
      "2020-01-01T00:00:00Z",
    ]);
    assert.deepEqual(
      history?.map(({ created_by }) => created_by),
      ["ENV 2", "layer 2", "layer 3", "layer 4", "ENV 5", "layer 5", "layer 6"],
    );
    assert.deepEqual((await rebased.manifest()).annotations, {
      "org.opencontainers.image.base.digest": await newBase.digest(),
      "org.opencontainers.image.base.name": "alpine:3.20",
    });
    assert.deepEqual(await validate(rebased), []);
  });

  it("refuses an image that is not built on the old base, before anything is written", async () => {
    const image = stack(linux, [0, 5]);
    for (const wrong of [stack(linux, [1]), stack(linux, [0, 5, 6]), stack(linux, [5])]) {
      await rejects(
        image.edit(rebase(wrong, stack(linux, [2]))).children(),
        "conflict",
        /not built on the old base/,
      );
    }
  });

  it("makes up for a history that is missing", async () => {
    const bare = (image: Image) => image.edit({ config: (config) => void delete config.history });
    const [oldBase, newBase] = [stack(linux, [0]), stack(linux, [1, 2])];
    const upper = stack(oldBase, [3]);
    const named = async (image: Image) => (await image.config()).history?.map(({ created_by }) => created_by);
    assert.deepEqual(await named(bare(upper).edit(rebase(oldBase, newBase))), [
      "layer 1",
      "layer 2",
      undefined,
    ]);
    assert.deepEqual(await named(upper.edit(rebase(oldBase, bare(newBase)))), [
      undefined,
      undefined,
      "layer 3",
    ]);
    assert.equal(await named(bare(upper).edit(rebase(oldBase, bare(newBase)))), undefined);
  });

  it("keeps the subject and fields that it does not know", async () => {
    const [oldBase, newBase] = [stack(linux, [0]), stack(linux, [1])];
    const subject = await linux.descriptor();
    const image = stack(oldBase, [2]).edit(setSubject(subject))
      .edit({ config: (config) => void Object.assign(config, { "x-own": 1 }) });
    const rebased = image.edit(rebase(oldBase, newBase));
    assert.deepEqual((await rebased.manifest()).subject?.digest, subject.digest);
    assert.equal((await rebased.config() as unknown as Record<string, unknown>)["x-own"], 1);
  });

  const stackOf = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
  const upperOf = fc.uniqueArray(fc.integer({ min: 6, max: 11 }), { maxLength: 4 });
  it("holds its laws: there and back is nothing, twice is once, the same base changes nothing", () =>
    fc.assert(
      fc.asyncProperty(stackOf, stackOf, stackOf, upperOf, upperOf, async (a, b, c, upper, empty) => {
        const [one, two, three] = [stack(linux, a), stack(linux, b, b), stack(linux, c)];
        const image = stack(one, upper, empty);
        assert.equal(await image.edit(rebase(one, one)).digest(), await image.digest());
        const moved = image.edit(rebase(one, two));
        assert.deepEqual(await digestsOf(moved), await digestsOf(stack(two, upper, empty)));
        assert.equal(await moved.edit(rebase(two, one)).digest(), await image.digest());
        assert.equal(
          await moved.edit(rebase(two, three)).digest(),
          await image.edit(rebase(one, three)).digest(),
        );
        assert.deepEqual(await validate(moved), []);
      }),
      { seed: 20, numRuns: 60 },
    ));
});

describe("checkBase", () => {
  it("believes the digest that an image names, and else looks at the layers", async () => {
    const [oldBase, newBase] = [stack(linux, [0]), stack(linux, [1, 2])];
    const image = stack(oldBase, [3]);
    assert.equal((await checkBase(image, oldBase)).current, true);
    assert.deepEqual(await checkBase(image, newBase), {
      current: false,
      reason: `layer 0 of the base is ${await layers[1]!.digest()}, the image has ${await layers[0]!
        .digest()}`,
    });
    const rebased = image.edit(rebase(oldBase, newBase, { name: "base:v1" }));
    assert.equal((await checkBase(rebased, newBase)).current, true);
    assert.equal((await checkBase(rebased, newBase.configure({ user: "1" }))).current, false);
  });
});
