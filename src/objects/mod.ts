/**
 * Images in object storage: S3, what speaks like it, and R2. Any number of processes without a state of their own may
 * use one bucket.
 *
 * @example
 * ```ts
 * import { objects, s3 } from "@gantry/oci/objects";
 *
 * const repositories = objects({ bucket: s3({ bucket: "images", region: "eu-central-1" }) });
 * console.log(typeof repositories("acme/app").write);
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
export type { Environment } from "../http/environment.ts";
export type { Transport, TransportRequest } from "../http/transport.ts";
export type {
  Bucket,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectFacts,
  OpenObject,
  Page,
  PutOptions,
  UploadedPart,
} from "./bucket.ts";
export type { Collected, CollectOptions } from "./gc.ts";
export { type ObjectRepository, type Objects, objects, type ObjectsOptions } from "./objects.ts";
export { r2, type R2BucketLike, type R2MultipartLike, type R2ObjectLike } from "./r2.ts";
export { s3 } from "./s3.ts";
export { type ListedManifest, type ServerlessRegistry, serverlessRegistry } from "./serverless_registry.ts";
export { type TakenOver, type TakeOverOptions, takeOverServerlessRegistry } from "./take_over.ts";
export type { AwsCredentials } from "../http/sigv4.ts";
export type { S3Options } from "./s3_client.ts";
