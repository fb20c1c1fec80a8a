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
export { exportImage } from "./export.ts";
export { openTree, type TreeOptions } from "./open.ts";
export { Tree, type TreeFile } from "./tree.ts";
