/**
 * For those who write a `Target` of their own: the suite that says what one is.
 *
 * @example
 * ```ts ignore
 * import { testTarget } from "@gantry/oci/testing";
 *
 * testTarget("my target", async () => ({ target: await open(), again: () => reopen(), close: () => remove() }));
 * ```
 *
 * @module
 */

export type {
  Address,
  Content,
  Ingest,
  IngestStatus,
  Lease,
  LeaseOptions,
  OpenOptions,
  Options,
  Origin,
  Resolved,
  ResolveOptions,
  Role,
  Source,
  Target,
  WriteOptions,
  Written,
} from "../content/mod.ts";
export type { Bytes } from "../bytes.ts";
export type { Annotations, Descriptor } from "../spec/descriptor.ts";
export type { Algorithm, Digest } from "../spec/digest.ts";
export type { Platform } from "../spec/platform.ts";
export type { Medium, TargetLimits } from "./suite.ts";
export { testTarget } from "./target.ts";
