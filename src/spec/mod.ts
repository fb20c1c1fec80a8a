/**
 * What the documents say: names, digests, descriptors, manifests, indexes, configs and platforms. Nothing here reads or
 * writes anything.
 *
 * @example
 * ```ts
 * import { formatReference, parsePlatform, parseReference } from "@gantry/oci/spec";
 *
 * formatReference(parseReference("alpine")); // "docker.io/library/alpine:latest"
 * parsePlatform("linux/aarch64").architecture; // "arm64"
 * ```
 *
 * @module
 */

export type { Bytes } from "../bytes.ts";
export { annotations } from "./annotations.ts";
export {
  type ConfigFile,
  type ContainerConfig,
  type Healthcheck,
  type History,
  parseConfig,
} from "./config.ts";
export { type Annotations, type Descriptor, parseDescriptor } from "./descriptor.ts";
export {
  type Algorithm,
  algorithmOf,
  algorithms,
  type Digest,
  hexOf,
  isDigest,
  parseDigest,
} from "./digest.ts";
export { type Document, type DocumentOptions, parseDocument } from "./document.ts";
export { familiarMatch } from "./familiar_match.ts";
export { formatJson, type JsonLimits, type JsonObject, parseJson } from "./json.ts";
export { type IndexManifest, type Manifest, parseIndex, parseManifest } from "./manifest.ts";
export {
  acceptedDocuments,
  dockerType,
  isConfigType,
  isDockerType,
  isDocumentType,
  isForeignType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  mediaTypes,
  ociType,
} from "./media_type.ts";
export {
  defaultPlatform,
  formatPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
  samePlatform,
  satisfies,
} from "./platform.ts";
export { type HostFacts, hostPlatform, runsOnHost } from "./host_platform.ts";
export {
  anyOf,
  everyPlatform,
  except,
  inOrder,
  ordered,
  parsePlatforms,
  sortPlatforms,
} from "./platform_matchers.ts";
export { madeFor, type PlatformMatcher, runsOn, sameSystem } from "./platform_match.ts";
export {
  familiarName,
  formatReference,
  isRegistry,
  isRepository,
  isTag,
  parseReference,
  parseRepository,
  type Reference,
  type ReferenceOptions,
  type Repository,
  type RepositoryOptions,
} from "./reference.ts";
export { isWhiteout, opaqueWhiteout, whiteoutPrefix } from "./whiteout.ts";
