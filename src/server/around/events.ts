import { isDigest } from "../../spec/digest.ts";
import type { Served } from "./observe.ts";

/** Something that has happened in a registry. */
export interface RegistryEvent {
  /** Its own name. */
  id: string;
  /** When, as in RFC 3339. */
  timestamp: string;
  /** What was done. */
  action: "pull" | "push" | "mount" | "delete";
  /** With what. */
  target: {
    repository: string;
    /** What it is called: a digest, or nothing where a tag was deleted. */
    digest?: string;
    tag?: string;
    mediaType?: string;
    /** Bytes. */
    size?: number;
    /** From which repository a blob was mounted. */
    fromRepository?: string;
  };
  /** By whom, as far as the client says. */
  request: { method: string; useragent: string };
}

/** What an answered request has done to manifests and blobs; undefined for what has done nothing worth telling. */
export function eventOf({ request, route, status, headers, sent }: Served): RegistryEvent | undefined {
  const { method } = request;
  const target = targetOf();
  return target && {
    id: crypto.randomUUID(),
    timestamp: new Date().toISOString(),
    ...target,
    request: { method, useragent: request.headers.get("user-agent") ?? "" },
  };

  function targetOf(): Pick<RegistryEvent, "action" | "target"> | undefined {
    if (!route || !("repository" in route)) return undefined;
    const { repository } = route;
    const answered = headers.get("docker-content-digest");
    const digest = answered !== null && isDigest(answered) ? { digest: answered } : {};
    const { searchParams } = new URL(request.url);
    switch (`${method} ${route.kind} ${status}`) {
      case "GET manifest 200":
      case "GET blob 200": {
        const mediaType = headers.get("content-type") ?? "";
        return { action: "pull", target: { repository, ...tagOf(), ...digest, mediaType, size: sent } };
      }
      case "PUT manifest 201": {
        const mediaType = request.headers.get("content-type") ?? "";
        return { action: "push", target: { repository, ...tagOf(), ...digest, mediaType } };
      }
      case "PUT upload 201":
        return { action: "push", target: { repository, ...digest } };
      case "POST uploads 201": {
        const fromRepository = searchParams.get("mount") === null ? undefined : searchParams.get("from");
        if (!fromRepository) return { action: "push", target: { repository, ...digest } };
        return { action: "mount", target: { repository, ...digest, fromRepository } };
      }
      case "DELETE manifest 202":
      case "DELETE blob 202":
        return { action: "delete", target: { repository, ...named() } };
    }
    return undefined;
  }

  function tagOf(): { tag?: string } {
    return route?.kind === "manifest" && route.reference.tag !== undefined
      ? { tag: route.reference.tag }
      : {};
  }

  function named(): { digest?: string; tag?: string } {
    if (route?.kind === "blob") return { digest: route.digest };
    if (route?.kind !== "manifest") return {};
    return route.reference.digest ? { digest: route.reference.digest } : tagOf();
  }
}
