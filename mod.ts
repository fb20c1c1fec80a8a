/**
 * Gantry for scripts: images by the names of places, and the building blocks.
 *
 * @example
 * ```ts ignore
 * import { copy, image, layerOf } from "@gantry/oci";
 *
 * const alpine = await image("alpine:3.20"); // nothing fetched but its manifest
 * console.log(await alpine.digest(), (await alpine.config()).architecture);
 *
 * await copy("alpine:3.20", "oci:./images:alpine"); // pull into an OCI layout
 * await copy(alpine.append(await layerOf("./dist")).configure({ cmd: ["/app"] }), "localhost:5000/app:v2");
 * ```
 *
 * @module
 */

import { registerDefaultEngines } from "./src/engines.ts";

registerDefaultEngines();

export type { Bytes } from "./src/bytes.ts";
export * from "./src/archive/mod.ts";
export * from "./src/content/mod.ts";
export { type Engines, engines } from "./src/engines.ts";
export * from "./src/errors.ts";
export * from "./src/image/mod.ts";
export * from "./src/layout/mod.ts";
export * from "./src/registry/mod.ts";
export * from "./src/spec/mod.ts";
export type { PackOptions } from "./src/rootfs/mod.ts";
export type { PaxRecords, TarEntry, TarItem, TarOptions, TarTime, TarType } from "./src/tar/mod.ts";
export type { CopyEvent } from "./src/copy/mod.ts";
export {
  copy,
  type CopyOptions,
  type From,
  image,
  type ImageOptions,
  layerOf,
  type LayerOfOptions,
  type LayerSource,
  openPlace,
  place,
  type PlaceOptions,
  type SourcePlace,
  sourcePlace,
  type TargetPlace,
  type To,
} from "./src/places/mod.ts";
