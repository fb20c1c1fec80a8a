import { type Digest, isDigest } from "../spec/digest.ts";
import { isRepository, isTag } from "../spec/reference.ts";
import { type HttpError, httpError, type RegistryErrorCode } from "./http_error.ts";

/** What the path of a request names; every part of it has been validated. */
export type Route =
  | { kind: "ping" }
  | { kind: "catalog" }
  | { kind: "manifest"; repository: string; reference: Reference }
  | { kind: "blob"; repository: string; digest: Digest }
  | { kind: "uploads"; repository: string }
  | { kind: "upload"; repository: string; id: string }
  | { kind: "tags"; repository: string }
  | { kind: "referrers"; repository: string; digest: Digest };

/** How a path names a manifest. */
export type Reference = { tag: string; digest?: undefined } | { tag?: undefined; digest: Digest };

/** The route of one kind. */
export type RouteTo<Kind extends Route["kind"]> = Extract<Route, { kind: Kind }>;

/**
 * Parses a path, from its end, since a repository may be called `a/blobs/uploads`. All names in a route have passed their
 * grammar, so that they can become part of a key, a path or a header.
 *
 * @throws {HttpError} 400 for an invalid name, 404 for an unknown path.
 */
export function routeOf(pathname: string): Route {
  if (pathname === "/v2" || pathname === "/v2/") return { kind: "ping" };
  if (pathname === "/v2/_catalog") return { kind: "catalog" };
  if (!pathname.startsWith("/v2/")) throw noRoute();
  const path = pathname.slice("/v2/".length).split("/");
  const last = decoded(path.at(-1)!);
  const before = path.at(-2);
  const repository = (parts: number) => validRepository(path.slice(0, -parts).join("/"));

  if (before === "manifests") {
    return { kind: "manifest", repository: repository(2), reference: validReference(last) };
  }
  if (before === "referrers") {
    return { kind: "referrers", repository: repository(2), digest: validDigest(last) };
  }
  if (before === "tags" && last === "list") return { kind: "tags", repository: repository(2) };
  if (before === "blobs" && last === "uploads") return { kind: "uploads", repository: repository(2) };
  if (before === "blobs") return { kind: "blob", repository: repository(2), digest: validDigest(last) };
  if (before === "uploads" && path.at(-3) === "blobs") {
    return last === ""
      ? { kind: "uploads", repository: repository(3) }
      : { kind: "upload", repository: repository(3), id: validUpload(last) };
  }
  throw noRoute();
}

/** What a request's path names, if it is one that registries have. */
export function routeFor(request: Request): Route | undefined {
  try {
    return routeOf(new URL(request.url).pathname);
  } catch {
    return undefined;
  }
}

/**
 * A query parameter.
 *
 * @throws {HttpError} 400 with this code where it is given more than once.
 */
export function parameter(url: URL, name: string, code: RegistryErrorCode): string | undefined {
  const values = url.searchParams.getAll(name);
  if (values.length > 1) throw httpError(400, code, `the parameter "${name}" is given more than once`);
  return values[0];
}

/** A query parameter that is a digest. */
export function digestParameter(url: URL, name: string): Digest | undefined {
  const value = parameter(url, name, "DIGEST_INVALID");
  return value === undefined ? undefined : validDigest(value);
}

function validRepository(name: string): string {
  if (isRepository(name)) return name;
  throw httpError(400, "NAME_INVALID", "the repository name does not follow the grammar");
}

function validReference(reference: string): Reference {
  if (reference.includes(":")) return { digest: validDigest(reference) };
  if (isTag(reference)) return { tag: reference };
  throw httpError(400, "TAG_INVALID", "the tag does not follow the grammar");
}

function validDigest(digest: string): Digest {
  if (isDigest(digest)) return digest;
  throw httpError(
    400,
    "DIGEST_INVALID",
    "the digest is not one, or of an unknown algorithm",
  );
}

function validUpload(id: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id;
  throw httpError(404, "BLOB_UPLOAD_UNKNOWN", "the upload is not known");
}

function noRoute(): HttpError {
  return httpError(404, "UNSUPPORTED", "there is nothing at this path");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
