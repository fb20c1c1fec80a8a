import { isRepository } from "../../spec/reference.ts";
import { digestParameter, parameter, routeOf } from "../routes.ts";

/**
 * What is to be done with what, as tokens of registries have it:
 * https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/jwt.md
 */
export interface Access {
  /** `repository`, or `registry` for the catalog. */
  type: string;
  /** The repository, or `catalog`. */
  name: string;
  /** `pull`, `push`, `delete`; `*` for the catalog. */
  actions: readonly string[];
}

/** What a request needs. */
export interface Needed {
  /** All of it must be allowed; nothing for the ping, which everybody may who is somebody. */
  access: readonly Access[];
  /** Where a blob is to be mounted from, if that is allowed too; else it is uploaded. */
  mount?: Access | undefined;
}

/**
 * What a request needs.
 *
 * @throws {HttpError} 400 and 404 for paths that no registry has.
 */
export function neededBy(request: Request): Needed {
  const url = new URL(request.url);
  const route = routeOf(url.pathname);
  const reads = request.method === "GET" || request.method === "HEAD";
  switch (route.kind) {
    case "ping":
      return { access: [] };
    case "catalog":
      return { access: [{ type: "registry", name: "catalog", actions: ["*"] }] };
    case "uploads":
      return { access: [repository(route.repository, "pull", "push")], mount: mountOf(url) };
    case "upload":
      return { access: [repository(route.repository, "pull", "push")] };
    case "manifest":
    case "blob":
      if (request.method === "DELETE") return { access: [repository(route.repository, "delete")] };
      return {
        access: [reads ? repository(route.repository, "pull") : repository(route.repository, "pull", "push")],
      };
    case "tags":
    case "referrers":
      return { access: [repository(route.repository, "pull")] };
  }
}

/** How challenges and token servers write what is needed: `repository:acme/app:pull,push`. */
export function scopeOf({ type, name, actions }: Access): string {
  return `${type}:${name}:${actions.join(",")}`;
}

/** Reads a scope; undefined for anything else. */
export function parseScope(text: string): Access | undefined {
  const [, type, name, actions] = /^([a-z]+)(?:\([a-z]+\))?:(.+):([a-z,*]*)$/.exec(text) ?? [];
  if (type === undefined) return undefined;
  return { type, name: name!, actions: actions!.split(",").filter((action) => action !== "") };
}

function repository(name: string, ...actions: string[]): Access {
  return { type: "repository", name, actions };
}

function mountOf(url: URL): Access | undefined {
  const from = parameter(url, "from", "NAME_INVALID");
  if (!digestParameter(url, "mount") || from === undefined || !isRepository(from)) return undefined;
  return repository(from, "pull");
}
