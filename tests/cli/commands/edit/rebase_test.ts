import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { emptyImage, openImage, validate } from "../../../../src/image/mod.ts";
import { digestsOf, file, layerWith } from "../../../image/tars.ts";
import { printed, type RegistryFixture, withRegistry } from "../../gantry.ts";

const layers = ["old", "new", "newer", "app"].map((name) => layerWith(() => [file(name, name)]));
const [old, fresh, newer, app] = layers.map((layer) => emptyImage().append(layer));

/** Bases under one name after the other, and an image built on the first. */
async function withBases(work: (fixture: RegistryFixture) => Promise<void>): Promise<void> {
  await withRegistry(async (fixture) => {
    const { repository } = fixture;
    await copy(old!, repository("base"), { name: "old" });
    await copy(fresh!, repository("base"), { name: "v1" });
    await copy(old!.append(layers[3]!).configure({ cmd: ["/app"] }), repository("app"), { name: "v1" });
    await work(fixture);
  });
}

describe("gantry rebase", () => {
  it("puts an image on another base, and remembers it", () =>
    withBases(async ({ gantry, host, repository }) => {
      const bases = ["--old_base", `${host}/base:old`, "--new_base", `${host}/base:v1`];
      const out = printed(await gantry("rebase", `${host}/app:v1`, ...bases, "-t", `${host}/app:v2`));
      const image = await openImage(repository("app"), "v2");
      assert.equal(out, `${host}/app@${await image.digest()}\n`);
      assert.deepEqual(await digestsOf(image), [...await digestsOf(fresh!), ...await digestsOf(app!)]);
      assert.deepEqual((await image.config()).config?.Cmd, ["/app"]);
      assert.deepEqual(await validate(image), []);
      assert.match(printed(await gantry("rebase", "--check", `${host}/app:v2`)), / current: /);
      // The next time it knows its base.
      await copy(newer!, repository("base"), { name: "v1" });
      const { code, stdout } = await gantry("rebase", "--check", `${host}/app:v2`);
      assert.deepEqual([code, / outdated: its base was sha256:/.test(stdout)], [1, true]);
      printed(await gantry("rebase", `${host}/app:v2`));
      const again = await openImage(repository("app"), "v2");
      assert.deepEqual(await digestsOf(again), [...await digestsOf(newer!), ...await digestsOf(app!)]);
    }));

  it("refuses what it cannot do, and sends nothing", () =>
    withBases(async ({ gantry, host, log, repository }) => {
      for (
        const [args, words] of [
          [[`${host}/app:v1`], /does not say what it is built on/],
          [
            [`${host}/app:v1`, "--old_base", `${host}/base:v1`, "--new_base", `${host}/base:v1`],
            /not built on the old base/,
          ],
          [[], /an image is needed/],
        ] as const
      ) {
        log.length = 0;
        const { code, stdout, stderr } = await gantry("rebase", ...args);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, words);
        assert.deepEqual(log.filter((line) => !/^(GET|HEAD) /.test(line)), []);
      }
      assert.equal((await digestsOf(await openImage(repository("app"), "v1"))).length, 2);
    }));
});
