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
export type { Content, Options, Origin, Part, RangeOptions, Role, Source } from "../content/mod.ts";
export { Image } from "./image.ts";
export type { ImageBody } from "./image_body.ts";
export { Index } from "./index.ts";
export type { IndexBody, IndexEntry } from "./index_body.ts";
export type { EditedIndexEntry, IndexEdit, IndexEditContext } from "./index_edit.ts";
export { Layer } from "./layer.ts";
export type { LayerBody } from "./layer_body.ts";
export type { Edit, EditContext, LayerEntry } from "./edit.ts";
export { annotate } from "./edits/annotate.ts";
export { append, type LayerDetails } from "./edits/append.ts";
export { type Configure, configure } from "./edits/configure.ts";
export { addManifest, type ManifestDetails } from "./edits/add_manifest.ts";
export { removeLayer } from "./edits/remove_layer.ts";
export { emptyImage } from "./empty_image.ts";
export { emptyIndex } from "./empty_index.ts";
export { layer, type LayerOptions, type Tar } from "./made_layer.ts";
export { openImage, openRoot, type OpenRootOptions } from "./open.ts";
export { selectImage } from "./select.ts";
export { validate, type ValidateOptions } from "./validate.ts";
export { type Visit, walk } from "./walk.ts";
