/**
 * The contracts between places that hold images, and the places that need no medium of their own: memory, overlays,
 * caches.
 *
 * @example
 * ```ts
 * import { cached, limited, memory, overlay } from "@gantry/oci/content";
 *
 * const mirror = memory();
 * const source = cached(limited(mirror, 4), memory());
 * const scratch = overlay(memory(), source);
 * console.log(typeof scratch.write);
 * ```
 *
 * @module
 */

export type { Bytes } from "../bytes.ts";
export { type ErrorCode, GantryError } from "../errors.ts";
export type { Annotations, Descriptor } from "../spec/descriptor.ts";
export type { Algorithm, Digest } from "../spec/digest.ts";
export type { Platform } from "../spec/platform.ts";
export { cached } from "./cache.ts";
export type {
  Address,
  AppendOptions,
  Content,
  ContentOptions,
  Ingest,
  IngestStatus,
  Lease,
  LeaseOptions,
  OpenOptions,
  Options,
  Origin,
  Part,
  Resolved,
  ResolveOptions,
  Role,
  Source,
  Target,
  Usage,
  WriteOptions,
  Written,
} from "./contracts.ts";
export type { Credentials, CredentialsProvider, CredentialsRequest } from "./credentials.ts";
export { immutable } from "./immutable.ts";
export { limited } from "./limited.ts";
export { Memory, memory } from "./memory.ts";
export { overlay } from "./overlay.ts";
export { pullThrough, type PullThroughOptions } from "./pull_through.ts";
export type { RangeOptions } from "./range.ts";
export { documentLimit, readDocument, readVerified } from "./read.ts";
export { verified } from "./verified.ts";
export { type OptionalMethod, requireMethod } from "./require_method.ts";
