/** Rows of what go-containerregistry's own tests expect, and the images that they are about. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Image, type Index, randomImage, validate } from "../../src/image/mod.ts";
import { file, layerWith } from "../image/tars.ts";

/** An expectation; it is held by an assertion within, or is the value given. */
export type Row = [expectation: string, answer: () => unknown, expected: unknown];

export const plain = { compression: "none" } as const;
export const source = () => randomImage({ seed: 1, layers: 2 });
export const extra = () => layerWith(() => [file("extra", "x")]);
export const historyOf = async (image: Image) => (await image.config()).history?.length;
export const codes = async (root: Image | Index) => (await validate(root)).map(({ code }) => code);

/** Holds Gantry to a table. */
export function hold(name: string, rows: readonly Row[], options: { skip?: boolean | string } = {}): void {
  describe(`go-containerregistry's expectations: ${name}`, options, () => {
    for (const [expectation, answer, expected] of rows) {
      it(expectation, async () => assert.deepEqual(await answer(), expected));
    }
  });
}
