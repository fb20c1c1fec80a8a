/**
 * Images in directories: OCI image layouts that several processes may read, write, name and clean at once, and
 * directories of many that share their blobs.
 *
 * @example
 * ```ts
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 * import { layout } from "@gantry/oci/layout";
 *
 * const images = layout(await Deno.makeTempDir());
 * await copy(emptyImage(), images, { name: "empty" });
 * const { descriptor } = await images.resolve("empty");
 * console.log(descriptor.digest);
 * ```
 *
 * @module
 */

export type {
  Address,
  Algorithm,
  Annotations,
  Bytes,
  Content,
  Descriptor,
  Digest,
  Ingest,
  IngestStatus,
  Lease,
  LeaseOptions,
  OpenOptions,
  Options,
  Origin,
  Platform,
  Resolved,
  ResolveOptions,
  Role,
  Source,
  Target,
  WriteOptions,
  Written,
} from "../content/mod.ts";
export type { Collected } from "../disk/gc_sweep.ts";
export type { CollectOptions } from "./gc.ts";
export { type Layout, type LayoutOptions } from "./types.ts";
export { layout } from "./layout.ts";
export { type Layouts, layouts, type LayoutsOptions } from "./layouts.ts";
