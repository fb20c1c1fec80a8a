/**
 * Images, content and leases on a disk, as containerd has them: names with labels, filters, garbage collection by
 * reference. Every repository of a store is a target, so that copies, servers and archives work on it.
 *
 * @example
 * ```ts
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 * import { store } from "@gantry/oci/store";
 *
 * await using images = store(await Deno.makeTempDir());
 * await copy(emptyImage(), images.repository("docker.io/acme/app"), { name: "v1" });
 * const { target } = await images.images.get("docker.io/acme/app:v1");
 * console.log(target.digest);
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
  ContentOptions,
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
export type { CheckedImage } from "./check.ts";
export { childrenLabels } from "./children_labels.ts";
export { type ContentStatus, ContentStore } from "./content.ts";
export { type CommitOptions, ContentWriter, type WriterOptions } from "./content_writer.ts";
export type { StoreEvent } from "./events.ts";
export { type FieldCondition, Filter, type FilterInput, where } from "./filter/filter.ts";
export type { Operator, Selector } from "./filter/selector.ts";
export type { CheckedStore, CheckStoreOptions } from "./fsck.ts";
export type { StoreCollected, StoreCollectOptions } from "./gc.ts";
export { type DeleteImageOptions, type ImageInput, ImageStore } from "./images.ts";
export type { StoreImportOptions } from "./import.ts";
export { labelNames, type Labels } from "./labels.ts";
export type { LeaseResource, ResourceType } from "./lease_records.ts";
export { type CreateLeaseOptions, LeaseStore, type StoreLease } from "./leases.ts";
export { type ImagePolicy, parsePolicy, type PolicyRule, policyVerifier } from "./policy.ts";
export type { Pulled, StorePullOptions } from "./pull.ts";
export type { ContentInfo, StoredImage } from "./records.ts";
export { outdated, type RetentionRule } from "./retention.ts";
export type { Scrubbed, ScrubOptions } from "./scrub.ts";
export { store } from "./store.ts";
export type { ImageCandidate, ImageVerifier, Verdict } from "./verifier.ts";
export type { ForgetOptions, RegistryRepository, StoreRepository } from "./repository_type.ts";
export type { Store, StoreOptions } from "./types.ts";
