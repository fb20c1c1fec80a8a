/**
 * The images of a store, unpacked: the part of a container engine that comes before the container.
 *
 * @example
 * ```ts ignore
 * import { place } from "@gantry/oci";
 * import { unpackedImages } from "@gantry/oci/images";
 * import { store } from "@gantry/oci/store";
 *
 * await using there = store("./engine");
 * const { directory, layers } = await unpackedImages(there).pull(place("alpine:3.20").target, "alpine:3.20");
 * console.log(directory, layers.length); // engine/images/91ef0af61f39 1
 * ```
 *
 * @module
 */

export type { Options, Source } from "../content/mod.ts";
export {
  type PulledImage,
  type UnpackedImage,
  UnpackedImages,
  unpackedImages,
  type UnpackedPullOptions,
} from "./unpacked_images.ts";
