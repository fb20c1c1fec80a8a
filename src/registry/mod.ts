/**
 * The client of registries: each repository is a target over `fetch`.
 *
 * @example
 * ```ts
 * import { registry } from "@gantry/oci/registry";
 *
 * const app = registry("ghcr.io/acme/app", {
 *   credentials: ({ registry }) =>
 *     Promise.resolve(registry === "ghcr.io" ? { username: "me", password: "secret" } : undefined),
 * });
 * console.log(app.registry, app.repository);
 * ```
 *
 * @module
 */

export type { Bytes } from "../bytes.ts";
export type {
  Address,
  Content,
  Ingest,
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
} from "../content/contracts.ts";
export { type ErrorCode, GantryError } from "../errors.ts";
export type { Annotations, Descriptor } from "../spec/descriptor.ts";
export type { Algorithm, Digest } from "../spec/digest.ts";
export type { Platform } from "../spec/platform.ts";
export type { RegistryError } from "./errors.ts";
export type { Credentials, CredentialsProvider, CredentialsRequest } from "../content/credentials.ts";
export type { Environment } from "../http/environment.ts";
export type {
  Capability,
  Connection,
  Endpoint,
  EndpointsProvider,
  EndpointsRequest,
} from "../http/endpoint.ts";
export type { RetryPolicy } from "../http/retry.ts";
export type { ConnectionFailure } from "../http/unreachable.ts";
export type {
  RegistryLimits,
  RegistryOptions,
  RegistrySourceOptions,
  RegistryWarning,
  Timeouts,
} from "./options.ts";
export type { UploadSessions } from "./upload_sessions.ts";
export {
  type BearerToken,
  catalog,
  type Registries,
  registries,
  registry,
  type TokenOptions,
} from "./registry.ts";
export { registrySource } from "./open.ts";
export type { RegistrySource } from "./source.ts";
export type { Registry } from "./target.ts";
export { fetchTransport, type Transport, type TransportRequest } from "../http/transport.ts";
export type { GoogleListing } from "./google_listing.ts";
export type { RateLimit } from "./rate_limit.ts";
