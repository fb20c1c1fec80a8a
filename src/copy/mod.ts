/**
 * Moving images: pull, push, save, load, mirror, import and export are all one `copy`.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage, openRoot } from "@gantry/oci/image";
 *
 * const from = memory(), to = memory();
 * await copy(emptyImage(), from, { name: "v1" });
 * await copy(await openRoot(from, "v1"), to, { name: "v1" });
 * ```
 *
 * @module
 */

export type { Part, Target, Written } from "../content/mod.ts";
export { copy, type CopyOptions } from "./copy.ts";
export type { CopyEvent } from "./events.ts";
export { type Referrer, type ReferrersFilter, type ReferrersOf, referrersOf } from "./referrers.ts";
