/**
 * Images, indexes and layers as lazy views over a place to read from, and the edits that make new ones.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage, layer, openImage } from "@gantry/oci/image";
 *
 * const target = memory();
 * await copy(emptyImage().append(layer(new Uint8Array(1024), { compression: "none" })), target, { name: "v1" });
 * console.log(await (await openImage(target, "v1")).digest());
 * ```
 *
 * @module
 */

export type { Bytes } from "../bytes.ts";
export type { Content, Options, Origin, Part, Role, Source } from "../content/mod.ts";
export { Image, type ImageBody } from "./image.ts";
export { Index } from "./index.ts";
export { Layer, type LayerBody } from "./layer.ts";
export { type Configure, type LayerDetails } from "./edit.ts";
export { emptyImage } from "./empty.ts";
export { layer, type LayerOptions, type Tar } from "./made_layer.ts";
export { openImage, openRoot } from "./open.ts";
export { validate, type ValidateOptions } from "./validate.ts";
export { type Visit, walk } from "./walk.ts";
