/**
 * The layers of an image merged into one tree.
 *
 * @example
 * ```ts
 * import { emptyImage } from "@gantry/oci/image";
 * import { exportImage } from "@gantry/oci/tree";
 *
 * console.log((await new Response(exportImage(emptyImage())).bytes()).length); // 1024
 * ```
 *
 * @module
 */

export type { Bytes } from "../bytes.ts";
export {
  diffImages,
  type DiffOptions,
  type FileAspect,
  type FileChange,
  type ImageDiff,
  type ValueChange,
} from "./diff.ts";
export { exportImage, type ExportOptions } from "./export.ts";
export { findFile, type FoundFile } from "./find.ts";
export { flatten, flattenIndex, type FlattenOptions } from "./flatten.ts";
export { type HistoryStep, imageHistory } from "./history.ts";
export { openTree, type TreeOptions } from "./open.ts";
export { squash, type SquashOptions } from "./squash.ts";
export { Tree, type TreeFile } from "./tree.ts";
export { type LayerUsage, layerUsage } from "./usage.ts";
