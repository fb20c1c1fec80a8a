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
export { annotate, annotateManifests, type AnnotationChanges } from "./edits/annotate.ts";
export { append, type LayerDetails } from "./edits/append.ts";
export { canonical } from "./edits/canonical.ts";
export { type Configure, configure } from "./edits/configure.ts";
export { convert, convertIndex, type ConvertOptions } from "./edits/convert.ts";
export { label } from "./edits/label.ts";
export { mapPlatforms } from "./edits/map_platforms.ts";
export type { MapPlatformsOptions } from "./map_entries.ts";
export { forPlatforms, type ManifestMatcher } from "./manifest_matcher.ts";
export { addManifest, addManifests, type ManifestDetails } from "./edits/add_manifest.ts";
export { rebase, type RebaseOptions } from "./edits/rebase.ts";
export { removeLayer } from "./edits/remove_layer.ts";
export { filterManifests, removeManifests } from "./edits/remove_manifests.ts";
export { replaceManifests } from "./edits/replace_manifests.ts";
export { retime, type RetimeOptions } from "./edits/retime.ts";
export type { RewriteOptions } from "./rewrite_layers.ts";
export { selectPlatforms, sparse } from "./edits/select_platforms.ts";
export { setSubject } from "./edits/set_subject.ts";
export { type FilePattern, stripFiles } from "./edits/strip_files.ts";
export { artifact, type ArtifactOptions } from "./artifact.ts";
export { type BaseCheck, checkBase } from "./check_base.ts";
export { emptyImage } from "./empty_image.ts";
export { emptyIndex } from "./empty_index.ts";
export {
  chainHandlers,
  childrenHandler,
  dispatch,
  filterPlatforms,
  type Handled,
  type Handler,
  limitManifests,
  skipDescriptor,
  stopHandler,
  visit,
  visitNotEmpty,
  withReferrers,
} from "./handlers.ts";
export { layer, type LayerOptions, type Tar } from "./made_layer.ts";
export { filesLayer } from "./file_map.ts";
export { packedLayer } from "./packed_layer.ts";
export { randomImage, type RandomImageOptions, randomIndex, randomLayer } from "./random_image.ts";
export { windowsLayer } from "./windows_layer.ts";
export { openImage, openRoot, type OpenRootOptions } from "./open.ts";
export { selectImage } from "./select.ts";
export type { Finding } from "./finding.ts";
export { validate, type ValidateOptions } from "./validate.ts";
export { type Visit, walk } from "./walk.ts";
