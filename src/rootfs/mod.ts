/**
 * File systems on disk: images unpacked to directories, and directories, or what makes one into another, as tar items.
 *
 * @example
 * ```ts
 * import { packDirectory } from "@gantry/oci/rootfs";
 *
 * for await (const item of packDirectory("/etc", { onSkip: (path, reason) => console.warn(path, reason) })) {
 *   console.log(item.type, item.path);
 *   break;
 * }
 * ```
 *
 * @module
 */

export { diffDirectories } from "./diff.ts";
export { packDirectory } from "./pack.ts";
export { packChanges } from "./pack_changes.ts";
export { type PackOptions } from "./pack_options.ts";
export { unpack, type Unpacked } from "./unpack.ts";
export { type UnpackedLayer, type UnpackedLayers, unpackLayers } from "./unpack_layers.ts";
export type { IdMapping, IdMappings, Skipped, UnpackLimits, UnpackOptions } from "./unpack/options.ts";
export { type RecordedOwner, recordedOwners } from "./unpack/owners.ts";
export type { TarItem } from "../tar/mod.ts";
