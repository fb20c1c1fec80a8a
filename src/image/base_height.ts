import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import type { LayerEntry } from "./edit.ts";
import type { Image } from "./image.ts";
import type { Layer } from "./layer.ts";

/** How layers are told apart, and the words of the error. */
export interface BaseHeightOptions extends Options {
  /** What a layer is known by. */
  by(layer: Layer, options: Options): Promise<Digest | undefined>;
  /** What is being done: `rebase image`. */
  action: string;
  /** What the base is called: `the old base`. */
  base: string;
}

/**
 * How many layers a base has, which must be the lowest of these.
 *
 * @throws {GantryError} `conflict` when they are not.
 */
export async function baseHeight(
  base: Image,
  layers: readonly LayerEntry[],
  { by, action, base: name, signal }: BaseHeightOptions,
): Promise<number> {
  const below = await base.layers({ signal });
  for (const [i, layer] of below.entries()) {
    const above = layers[i]?.layer;
    const [found, wanted] = [above && await by(above, { signal }), await by(layer, { signal })];
    if (found === wanted) continue;
    const has = found ?? "no such layer";
    throw new GantryError(
      "conflict",
      `${action}: it is not built on ${name}, whose layer ${i} is ${wanted}; the image has ${has}`,
    );
  }
  return below.length;
}
