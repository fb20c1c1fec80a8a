/**
 * What a registry client can be told.
 *
 * @module
 */

import type { CredentialsProvider } from "../content/credentials.ts";
import { type Environment, sleep } from "../http/environment.ts";
import { memorySessions, type Sessions } from "./upload_sessions.ts";
import { fetchTransport } from "../http/transport.ts";
import type { Transport } from "../http/transport.ts";

/** Limits on what a registry can make us do. */
export interface Limits {
  /** Bytes of a manifest or index: 8 MiB. */
  manifest: number;
  /** Bytes of one page of tags, repositories or referrers: 32 MiB. */
  page: number;
  /** Bytes of a token or an error: 128 KiB. */
  answer: number;
  /** Pages of one list: 10000. */
  pages: number;
  /** Redirects that one request follows: 10. */
  redirects: number;
  /** How often something that failed is tried again: 3. */
  retries: number;
}

/** How long to wait for a registry, in milliseconds. */
export interface Timeouts {
  /** For an answer to begin once the request is sent: 60 seconds, ten times that where the registry verifies an upload. */
  response: number;
  /** For the next bytes of a body: 60 seconds. */
  idle: number;
}

/** Options of {@link registry}. */
export interface RegistryOptions {
  /** Sends requests; `fetch` unless told. */
  transport?: Transport | undefined;
  /**
   * Finds the credentials for a repository. It is asked once for each repository and set of actions, and again when a
   * registry refuses what it gave. Default: none.
   *
   * @example
   * ```ts
   * import { registries } from "@gantry/oci/registry";
   *
   * const logins = new Map([
   *   ["quay.io/acme", { username: "acme+robot", password: "secret" }],
   *   ["quay.io", { username: "me", password: "secret" }],
   * ]);
   * const open = registries({
   *   credentials: ({ registry, repository = "" }) => {
   *     const [namespace] = repository.split("/");
   *     return Promise.resolve(logins.get(`${registry}/${namespace}`) ?? logins.get(registry));
   *   },
   * });
   * console.log(open("quay.io/acme/app").repository);
   * ```
   */
  credentials?: CredentialsProvider | undefined;
  /**
   * Whether plain HTTP will do where a host does not speak HTTPS, for all hosts or for one. Unless told, it will for this
   * machine's own: `localhost`, `127.0.0.1`, `[::1]`.
   */
  insecure?: boolean | ((registry: string) => boolean) | undefined;
  /** Hosts of token servers that may see credentials though they belong to another domain than the registry. */
  trustedRealms?: readonly string[] | undefined;
  /**
   * Hosts that a registry may send us to though they have addresses inside the network and it has none, such as the storage
   * behind it. They see no credentials.
   */
  trustedHosts?: readonly string[] | undefined;
  /** Remembers unfinished uploads that have a `session`; in memory unless told. */
  sessions?: Sessions | undefined;
  /**
   * Uploads in pieces of so many bytes, each held in memory. Unless told, a blob goes in one piece where the registry takes
   * it, and in pieces of 5 MiB when it has a session or a browser sends it.
   */
  pieceSize?: number | undefined;
  /** Names the program to the registry. */
  userAgent?: string | undefined;
  /** Limits that differ from the defaults. */
  limits?: Partial<Limits> | undefined;
  /** Timeouts that differ from the defaults. */
  timeouts?: Partial<Timeouts> | undefined;
  /** The world outside, for tests. */
  environment?: Partial<Environment> | undefined;
}

/** The options with everything in place. */
export interface Settings extends RegistryOptions {
  transport: Transport;
  sessions: Sessions;
  userAgent: string;
  limits: Limits;
  timeouts: Timeouts;
  environment: Environment;
}

/** Fills in the defaults. */
export function settings(options: RegistryOptions = {}): Settings {
  return {
    ...options,
    transport: options.transport ?? fetchTransport(),
    sessions: options.sessions ?? memorySessions(),
    pieceSize: options.pieceSize ?? (inBrowser() ? 5 << 20 : undefined),
    userAgent: options.userAgent ?? "gantry",
    limits: {
      manifest: 8 << 20,
      page: 32 << 20,
      answer: 128 << 10,
      pages: 10_000,
      redirects: 10,
      retries: 3,
      ...options.limits,
    },
    timeouts: { response: 60_000, idle: 60_000, ...options.timeouts },
    environment: { now: Date.now, random: Math.random, sleep, ...options.environment },
  };
}

// Browsers send no streams over HTTP/1.1, some none at all:
// https://developer.chrome.com/docs/capabilities/web-apis/fetch-streaming-requests
function inBrowser(): boolean {
  return globalThis.navigator?.userAgent?.startsWith("Mozilla/") ?? false;
}
