import type { Options } from "../content/contracts.ts";
import type { Platform } from "../spec/platform.ts";
import type { Image } from "./image.ts";
import { Index } from "./index.ts";

/**
 * The image that is meant where an image is wanted: an image is itself, an index gives the one for a platform.
 *
 * @param platform Default: linux/amd64, as with crane. It does not matter for what is an image already.
 * @throws {GantryError} `no-platform`, with the platforms that the index has.
 *
 * @example
 * ```ts
 * import { emptyImage, selectImage } from "@gantry/oci/image";
 *
 * const image = emptyImage();
 * console.log(await selectImage(image) === image); // true
 * ```
 */
export async function selectImage(
  root: Image | Index,
  platform?: Platform,
  options?: Options,
): Promise<Image> {
  return root instanceof Index ? await root.select(platform, options) : root;
}
