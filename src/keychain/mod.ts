/**
 * Keychains: where the credentials for registries are found. Each is a function that clients take as their `credentials`.
 *
 * @example
 * ```ts
 * import { chain, dockerConfig, github } from "@gantry/oci/keychain";
 * import { registries } from "@gantry/oci/registry";
 *
 * const open = registries({ credentials: chain(dockerConfig(), github({ token: "ghp_secret" })) });
 * console.log(open("ghcr.io/acme/app").repository);
 * ```
 *
 * @module
 */

export type { Credentials, CredentialsProvider, CredentialsRequest } from "../content/credentials.ts";
export type { Content } from "../content/contracts.ts";
export { type ErrorCode, GantryError } from "../errors.ts";
export type { Transport, TransportRequest } from "../http/transport.ts";
export { awsDefault, type AwsDefaultOptions } from "./aws_default.ts";
export { defaultKeychain, type DefaultKeychainOptions } from "./default.ts";
export { type ConfigFileOptions, dockerConfig } from "./docker_config.ts";
export { dockerHeaders } from "./docker_headers.ts";
export type { HelperOptions, Variables } from "./execute.ts";
export { gcloud } from "./gcloud.ts";
export { credentialHelper } from "./helper.ts";
export { login, type LoginOptions, type LoginPlace, logout } from "./login.ts";
export { podmanAuth } from "./podman_auth.ts";
export { regctlConfig } from "./regctl_config.ts";
export * from "./web.ts";
