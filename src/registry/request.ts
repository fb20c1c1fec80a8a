import type { Bytes } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import type { Capability, Endpoint } from "../http/endpoint.ts";
import { isStream } from "../http/exchange.ts";
import type { HttpResponse } from "../http/response.ts";

/** A path at a registry. */
export interface Place {
  registry: string;
  /** Undefined for what concerns the whole registry. */
  repository?: string;
  path: string;
}

/** One request to a registry, however many HTTP requests it takes. */
export interface RegistryRequest {
  /** What is being done, for messages: `resolve ghcr.io/acme/app:v1`. */
  what: string;
  method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** A path at the registry, or an address that a registry gave. */
  to: URL | Place;
  /** What its token must allow. The first scope is what credentials are asked for. */
  scopes: readonly string[];
  headers?: Record<string, string>;
  body?: Bytes | Content | undefined;
  /** Is not retried after a transient failure. Neither are requests that stream their body. */
  once?: boolean;
  /** Transient statuses that are an answer all the same. */
  final?: readonly number[];
  /** Part of logging in: it is not authorised itself, does not leave its origin, and is not retried. */
  login?: boolean;
  /** Is not authorised, wherever it goes. */
  anonymous?: boolean;
  /** A redirect to another origin is not followed, but given to the caller. */
  sameOrigin?: boolean;
  /** Milliseconds until the response must begin, where that is not the usual time. */
  timeout?: number;
  signal?: AbortSignal | undefined;
  /** The endpoint whose authorities are trusted, where another host is asked on its behalf. */
  via?: Endpoint | undefined;
}

/** Sends a request, with all that the client does for it. */
export type SendRequest = (request: RegistryRequest) => Promise<HttpResponse>;

/** Whether a request can be sent a second time. */
export function isReplayable({ body }: RegistryRequest): boolean {
  return !isStream(body) || body.replayable;
}

/** What an endpoint must be good for to be sent a request. What is read in order to write is asked where it is written. */
export function capabilityFor({ method, scopes: [scope = ""], to }: RegistryRequest): Capability {
  const reads = (method === "GET" || method === "HEAD") &&
    !/^repository:.*[:,](?:push|delete|\*)(?:,|$)/.test(scope);
  const path = to instanceof URL ? "" : to.path;
  if (!reads) return "push";
  if (/\/referrers\/[^/]*$/.test(path)) return "referrers";
  return /\/(?:blobs|manifests)\/[^/]*:[^/]*$/.test(path) ? "pull" : "resolve";
}
