/**
 * How registries are reached: mirrors, certificates, unix sockets and proxies, as files and the environment tell. For
 * Deno, Bun and Node.
 *
 * @example
 * ```ts
 * import { hostsFrom, runtimeTransport } from "@gantry/oci/hosts";
 * import { registries } from "@gantry/oci/registry";
 *
 * const open = registries({
 *   endpoints: hostsFrom({ files: ["/etc/containers/registries.conf"], certificates: ["/etc/docker/certs.d"] }),
 *   transport: runtimeTransport(),
 * });
 * console.log(open("ghcr.io/acme/app").repository); // acme/app
 * ```
 *
 * @module
 */

export type { Bytes } from "../bytes.ts";
export type { Content, Options, Source } from "../content/contracts.ts";
export { type ErrorCode, GantryError } from "../errors.ts";
export type {
  Capability,
  Connection,
  Endpoint,
  EndpointsProvider,
  EndpointsRequest,
} from "../http/endpoint.ts";
export type { Transport, TransportRequest } from "../http/transport.ts";
export { hostsFrom, type HostsOptions } from "./hosts.ts";
export type { Variables } from "./proxy.ts";
export { runtimeTransport, type TransportOptions } from "./transport.ts";
