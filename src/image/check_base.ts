import type { Options } from "../content/contracts.ts";
import { annotations } from "../spec/annotations.ts";
import type { Image } from "./image.ts";
import type { Index } from "./index.ts";
import { selectImage } from "./select.ts";
import { GantryError } from "../errors.ts";
import type { Platform } from "../spec/platform.ts";

/** What became of the base of an image. */
export interface BaseCheck {
  /** Whether the image is built on what is the base now. */
  current: boolean;
  /** Why, in one sentence. */
  reason: string;
}

/**
 * Whether an image is built on the base as it is now. An image that names the digest of its base is believed; otherwise
 * the base's layers must be the image's lowest.
 *
 * @param base The base: an index gives its image for the platform of `image`.
 * @throws {GantryError} `no-platform` when the base has no image for it.
 *
 * @example
 * ```ts
 * import { checkBase, emptyImage, layer } from "@gantry/oci/image";
 *
 * const base = emptyImage().append(layer(new Uint8Array(1024), { compression: "none" }));
 * console.log((await checkBase(base.configure({ cmd: ["/app"] }), base)).current); // true
 * ```
 */
export async function checkBase(
  image: Image,
  base: Image | Index,
  options: Options = {},
): Promise<BaseCheck> {
  const named = (await image.manifest(options)).annotations?.[annotations.baseDigest];
  const digest = await base.digest(options);
  if (named !== undefined) {
    if (named === digest) return { current: true, reason: `it names its base ${digest}, which is current` };
    const selected = await selectImage(base, await platformOf(image, options), options);
    const current = named === await selected.digest(options);
    return {
      current,
      reason: current ? `its base ${named} is current` : `its base was ${named}, it is ${digest} now`,
    };
  }
  const selected = await selectImage(base, await platformOf(image, options), options);
  const own = await image.layers(options);
  for (const [i, layer] of (await selected.layers(options)).entries()) {
    const [found, wanted] = [await own[i]?.digest(options), await layer.digest(options)];
    if (found === wanted) continue;
    return {
      current: false,
      reason: `layer ${i} of the base is ${wanted}, the image has ${found ?? "no such layer"}`,
    };
  }
  return { current: true, reason: "the layers of the base are its lowest" };
}

async function platformOf(image: Image, options: Options): Promise<Platform | undefined> {
  try {
    const config = await image.config(options);
    const { os, architecture, variant } = config;
    return { os, architecture, ...(variant && { variant }) };
  } catch (error) {
    if (GantryError.is(error, "invalid-document")) return undefined; // an artifact is for no platform
    throw error;
  }
}
