/**
 * The options of registry clients.
 *
 * @module
 */

import type { CredentialsProvider } from "../content/credentials.ts";
import type { EndpointsProvider } from "../http/endpoint.ts";
import { type Environment, sleep } from "../http/environment.ts";
import { defaultRetryPolicy, type RetryPolicy } from "../http/retry.ts";
import { memorySessions, type UploadSessions } from "./upload_sessions.ts";
import { fetchTransport, type Transport } from "../http/transport.ts";

/** Limits on what a registry can make the client do. */
export interface RegistryLimits {
  /** Bytes of a manifest or index. Default: 8 MiB. */
  manifest: number;
  /** Bytes of one page of tags, repositories or referrers. Default: 32 MiB. */
  page: number;
  /** Bytes of a token or an error. Default: 128 KiB. */
  answer: number;
  /** Pages of one list. Default: 10000. */
  pages: number;
  /** Redirects that one request follows. Default: 10. */
  redirects: number;
}

/** How long to wait for a registry, in milliseconds. */
export interface Timeouts {
  /** For the connection, where the transport tells when it stands. Default: 10 000. */
  connect: number;
  /** For a response to begin after the request is sent. Default: 30 000. */
  response: number;
  /** For the response to what ends an upload, which the registry verifies first. Default: 60 000. */
  verify: number;
  /** For the next bytes of a body. Default: 30 000. */
  idle: number;
  /** For all tries of one call together, as long as nothing comes of them. Default: 90 000. */
  total: number;
}

/** What a registry wants people to know, such as that something will be taken away: `Warning: 299`. */
export interface RegistryWarning {
  /** Host, and port. */
  host: string;
  /** What it says. */
  text: string;
}

/** Options of {@link registry}. */
export interface RegistryOptions {
  /** Sends requests. Default: `fetchTransport()`. */
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
   * Whether plain HTTP is used where a host does not speak HTTPS, for all hosts or for each. Default: for this machine only
   * (`localhost`, `127.0.0.1`, `[::1]`).
   */
  insecure?: boolean | ((registry: string) => boolean) | undefined;
  /** Hosts of token servers that get credentials although they belong to another domain than the registry. */
  trustedRealms?: readonly string[] | undefined;
  /**
   * Hosts inside the network that a registry outside may redirect to, such as the storage behind it. They get no
   * credentials.
   */
  trustedHosts?: readonly string[] | undefined;
  /** Keeps unfinished uploads that have a `session`. Default: in memory. */
  sessions?: UploadSessions | undefined;
  /**
   * The bytes of the pieces in which a blob is uploaded; one piece is held in memory. Default: one request for the whole blob,
   * and for blobs over 16 MiB with a session pieces of 8 MiB, or from a file larger ones that are read as they are sent; in
   * browsers 5 MiB.
   */
  pieceSize?: number | undefined;
  /**
   * How many parts of one large blob are fetched at once, where the registry gives parts: a connection each, and 8 MiB of
   * memory. Default: 1, which holds nothing in memory.
   */
  parallelRanges?: number | undefined;
  /** The `User-Agent` header. Default: `gantry`. */
  userAgent?: string | undefined;
  /** More headers for registries. No other host gets them: not the storage that one redirects to, nor its token server. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Limits that differ from the defaults. */
  limits?: Partial<RegistryLimits> | undefined;
  /** Timeouts that differ from the defaults. */
  timeouts?: Partial<Timeouts> | undefined;
  /** How retries differ from the defaults. */
  retry?: Partial<RetryPolicy> | undefined;
  /**
   * How many requests one host has to answer at once; as many uploads besides. Bodies of answers do not count: whoever
   * reads them sets the pace. Default: 16.
   */
  concurrency?: number | undefined;
  /** Finds mirrors and whatever else is special about the way to a registry. Default: there is nothing special. */
  endpoints?: EndpointsProvider | undefined;
  /** Is told what registries warn of, each text of a host once. */
  warn?: ((warning: RegistryWarning) => void) | undefined;
  /** Clock, randomness and waiting; tests replace them. */
  environment?: Partial<Environment> | undefined;
}

/** Options of {@link registrySource}. */
export type RegistrySourceOptions = Omit<
  RegistryOptions,
  "concurrency" | "endpoints" | "parallelRanges" | "pieceSize" | "sessions" | "warn"
>;

/** The options with all defaults filled in. */
export interface Settings extends RegistryOptions {
  transport: Transport;
  sessions: UploadSessions;
  userAgent: string;
  limits: RegistryLimits;
  timeouts: Timeouts;
  retry: RetryPolicy;
  concurrency: number;
  environment: Environment;
}

/** Fills in the defaults. */
export function withDefaults(options: RegistryOptions = {}): Settings {
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
      ...options.limits,
    },
    timeouts: {
      connect: 10_000,
      response: 30_000,
      verify: 60_000,
      idle: 30_000,
      total: 90_000,
      ...options.timeouts,
    },
    retry: { ...defaultRetryPolicy, ...options.retry },
    concurrency: options.concurrency ?? 16,
    environment: { now: Date.now, random: Math.random, sleep, ...options.environment },
  };
}

// Browsers send no streams over HTTP/1.1, some none at all:
// https://developer.chrome.com/docs/capabilities/web-apis/fetch-streaming-requests
function inBrowser(): boolean {
  return globalThis.navigator?.userAgent?.startsWith("Mozilla/") ?? false;
}
