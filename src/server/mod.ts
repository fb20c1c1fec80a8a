/**
 * A registry as a function from request to response, over any target.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const registry = server({ repositories: () => target });
 * const response = await registry(new Request("http://localhost/v2/"));
 * console.log(response.status);
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
export type { Client, Handler } from "./handler.ts";
export { type CatalogOptions, server, type ServerOptions } from "./server.ts";
export { accessLogLine } from "./around/access_log.ts";
export { eventOf, type RegistryEvent } from "./around/events.ts";
export { cors } from "./around/cors.ts";
export { clientKey } from "./around/client_key.ts";
export { type ClientLimits, limit, type LimitOptions } from "./around/limit.ts";
export { Metrics } from "./around/metrics.ts";
export { observe, type Served } from "./around/observe.ts";
export { readOnly } from "./around/read_only.ts";
export { Webhook, type WebhookOptions } from "./around/webhook.ts";
export { type QuotaRule, quotas } from "./quota/quotas.ts";
export type { Quota } from "./quota/account.ts";
export { type Reference, type Route, routeFor } from "./routes.ts";
export type { Access } from "./auth/access.ts";
export { type GivenCredentials, sameSecret } from "./auth/credentials.ts";
export { type Challenge, protect, type ProtectOptions, type Visitor } from "./auth/protect.ts";
export { type AccessRule, allowByRules, isGranted, matcherOf } from "./auth/rules.ts";
