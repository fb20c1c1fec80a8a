/**
 * Where a registry is reached: its own host, and mirrors of it.
 *
 * @module
 */

/**
 * What an endpoint is good for: `resolve` tags, `pull` what a digest names, list `referrers`, and `push`, which is everything
 * that changes something.
 */
export type Capability = "resolve" | "pull" | "push" | "referrers";

/** How connections to a host are made. Only some transports can do this; `fetchTransport` cannot. */
export interface Connection {
  /** Certificates of authorities (PEM) that are trusted besides those that the runtime trusts. */
  ca?: readonly string[] | undefined;
  /** The certificate (PEM) that we show, with those that vouch for it. */
  cert?: string | undefined;
  /** The key (PEM) of `cert`. */
  key?: string | undefined;
  /** Takes any certificate. */
  insecure?: boolean | undefined;
  /** The path of a unix socket that is connected to in place of the host. */
  socket?: string | undefined;
  /** Milliseconds until the connection must stand, where that is not the usual time. */
  timeout?: number | undefined;
}

/** One place where a registry is reached. */
export interface Endpoint {
  /**
   * The root of its API: `https://mirror.example.com/v2`. Without a scheme, HTTPS is spoken, or plain HTTP where that is
   * allowed and HTTPS is not answered.
   */
  root: string;
  /** What the repository is called there, if not the same. */
  repository?: string | undefined;
  /** Default: all. */
  capabilities?: readonly Capability[] | undefined;
  /** Sent along with each request. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The registry that a proxy for several is asked for, in the query `ns`. */
  namespace?: string | undefined;
  /** How connections to it are made. */
  connection?: Connection | undefined;
}

/** What endpoints are needed for. */
export interface EndpointsRequest {
  /** The registry, as users name it: `docker.io`, `localhost:5000`. */
  registry: string;
  /** The repository, without the registry. Undefined for what concerns the whole registry. */
  repository?: string | undefined;
}

/**
 * Finds the endpoints of a registry, in the order in which they are tried. All but the last are mirrors: whatever one of them
 * does not have, or refuses, is asked of the next. The last is the registry itself, or what stands in for it. Undefined where
 * nothing special is known. What it throws is thrown by what needed them.
 */
export type EndpointsProvider = (request: EndpointsRequest) => Promise<readonly Endpoint[] | undefined>;

/** The root of a registry's own API, without a scheme. */
export function rootOf(registry: string): string {
  return `${hostOf(registry)}/v2`;
}

/** The host that serves a registry. */
export function hostOf(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** The host of a root, with its port. */
export function hostAt(root: string): string {
  return root.replace(/^[a-z]+:\/\//, "").split("/", 1)[0]!;
}
