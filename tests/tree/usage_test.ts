import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { emptyImage } from "../../src/image/mod.ts";
import { imageHistory, layerUsage } from "../../src/tree/mod.ts";
import { file } from "../tar/tools.ts";
import { imageOf, layerOf } from "./support.ts";

describe("layerUsage", () => {
  it("tells what each layer adds, hides and wastes", async () => {
    const image = imageOf(
      () => [file("a", "12345"), file("b", "123"), file("c", "1"), {
        type: "hardlink",
        path: "d",
        linkname: "c",
      }],
      () => [file("a", "1234"), file(".wh.b", ""), file(".wh.c", ""), file("e", "1"), file("e", "22")],
    );
    const [base, upper] = await layerUsage(image);
    const numbers = (
      { paths, added, hidden, wasted }: NonNullable<typeof base>,
    ) => [paths, added, hidden, wasted];
    // What "c" held is there under another name.
    assert.deepEqual(numbers(base!), [4, 9, 0, 8]);
    assert.deepEqual(numbers(upper!), [3, 7, 8, 1]);
    const [first] = await image.layers();
    assert.deepEqual([base!.digest, base!.size], [await first!.digest(), await first!.size()]);
  });
});

describe("imageHistory", () => {
  it("tells which layer is from which step", async () => {
    const image = emptyImage()
      .append(layerOf(() => [file("a", "1")]), { history: { created_by: "COPY a" } })
      .append(layerOf(() => [file("b", "1")]), { history: { created_by: "COPY b", comment: "b" } })
      .edit({
        config: (config) => void config.history!.splice(1, 0, { created_by: "ENV", empty_layer: true }),
      });
    const [a, b] = await image.layers();
    const steps = await imageHistory(image);
    assert.deepEqual(steps.map(({ createdBy }) => createdBy), ["COPY a", "ENV", "COPY b"]);
    assert.deepEqual(steps.map(({ layer }) => layer?.diffID), [
      await a!.diffID(),
      undefined,
      await b!.diffID(),
    ]);
    const usage = await layerUsage(image);
    assert.deepEqual(usage.map(({ createdBy }) => createdBy), ["COPY a", "COPY b"]);
  });

  it("has layers that nothing is written of, too", async () => {
    const image = imageOf(() => [file("a", "1")]).edit({ config: (config) => void delete config.history });
    const [step, ...more] = await imageHistory(image);
    assert.ok(step?.layer && step.createdBy === undefined);
    assert.deepEqual(more, []);
  });
});
