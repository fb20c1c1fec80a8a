/**
 * Images in tars: what `docker save` writes and `docker load` reads, of all ages, and OCI layouts packed into one file.
 *
 * @example
 * ```ts
 * import { archive, saveArchive } from "@gantry/oci/archive";
 * import { emptyImage, openImage } from "@gantry/oci/image";
 *
 * const path = `${await Deno.makeTempDir()}/app.tar`;
 * await saveArchive(path, [{ image: emptyImage(), names: ["app:v1"] }]);
 * const app = await openImage(archive(path), "app:v1");
 * console.log(await app.digest());
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
  OpenOptions,
  Options,
  Origin,
  Part,
  Platform,
  Resolved,
  ResolveOptions,
  Role,
  Source,
} from "../content/mod.ts";
export type { CopyEvent } from "../copy/mod.ts";
export { type Archive, archive, type ArchiveOptions } from "./archive.ts";
export { saveArchive } from "./write/file.ts";
export type { Slices } from "../content/slices.ts";
export {
  type ArchiveFormat,
  type ArchiveImage,
  writeArchive,
  type WriteArchiveOptions,
} from "./write/archive.ts";
