import type { Handler } from "../handler.ts";
import { HttpError, httpError } from "../http_error.ts";
import { refusal } from "../responses.ts";
import { type Access, neededBy, scopeOf } from "./access.ts";
import { type GivenCredentials, readCredentials } from "./credentials.ts";

/** Somebody who has logged in. */
export interface Visitor {
  /** The name. */
  name: string;
  /** All that a token allows; undefined where the name decides. */
  access?: readonly Access[] | undefined;
}

/** How clients are told to log in. */
export type Challenge =
  /** With a name and a password at every request. */
  | { scheme: "basic"; realm: string }
  /** With a token, which the token server at the URL `realm` gives for `service`. */
  | { scheme: "bearer"; realm: string; service: string };

/** How to protect a registry. */
export interface ProtectOptions {
  /** Tells who has these credentials; undefined where they are wrong. */
  authenticate: (credentials: GivenCredentials, request: Request) => Promise<Visitor | undefined>;
  /** Whether somebody may do something; `visitor` is undefined for those who have not logged in. */
  allow: (visitor: Visitor | undefined, access: Access) => boolean | Promise<boolean>;
  /** How clients are told to log in. Default: with a name and a password. */
  challenge?: Challenge | undefined;
}

/**
 * A registry that asks who is there. Who is not allowed to do something is told to log in, or, logged in, that it is denied.
 *
 * @example Everybody pulls, one pushes
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { protect, sameSecret, server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const registry = protect(server({ repositories: () => target }), {
 *   authenticate: async ({ username, password }) =>
 *     username === "ci" && await sameSecret(password, "secret") ? { name: "ci" } : undefined,
 *   allow: (visitor, { actions }) => visitor !== undefined || actions.every((action) => action === "pull"),
 * });
 * const request = new Request("http://localhost/v2/app/blobs/uploads/", { method: "POST" });
 * console.log((await registry(request)).status); // 401
 * ```
 */
export function protect(handler: Handler, options: ProtectOptions): Handler {
  return async (request, client) => {
    try {
      const { admitted, visitor } = await admit(request, options);
      return await handler(admitted, { ...client, user: visitor?.name });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      await request.body?.cancel().catch(() => {});
      return refusal(error, request);
    }
  };
}

/** The request as it may be handled, and who sends it. */
async function admit(
  request: Request,
  options: ProtectOptions,
): Promise<{ admitted: Request; visitor: Visitor | undefined }> {
  const { challenge = { scheme: "basic", realm: "registry" } } = options;
  const { access, mount } = neededBy(request);
  const visitor = await visitorOf(request, options, challenge, access);
  for (const one of access) {
    if (await options.allow(visitor, one)) continue;
    // A token may be too small: the client asks for another, and learns from the token server what it may not do.
    if (visitor?.access) {
      throw unauthorized("the token does not allow this", challenge, access, "insufficient_scope");
    }
    if (visitor) throw httpError(403, "DENIED", "access is denied", { detail: one });
    throw unauthorized("log in to do this", challenge, access);
  }
  // Docker looks for the challenge here only: https://github.com/moby/moby/blob/master/registry/auth.go
  if (access.length === 0 && !visitor) throw unauthorized("log in to go on", challenge, access);
  const mayMount = !mount || await options.allow(visitor, mount);
  return { admitted: mayMount ? request : withoutMount(request), visitor };
}

async function visitorOf(
  request: Request,
  options: ProtectOptions,
  challenge: Challenge,
  access: readonly Access[],
): Promise<Visitor | undefined> {
  const header = request.headers.get("authorization");
  if (header === null) return undefined;
  const credentials = readCredentials(header);
  const visitor = credentials && await options.authenticate(credentials, request);
  if (visitor) return visitor;
  throw unauthorized("the credentials are wrong", challenge, access);
}

function unauthorized(
  message: string,
  challenge: Challenge,
  access: readonly Access[],
  error?: string,
): HttpError {
  const header = `${challengeOf(challenge, access)}${error ? `,error=${quoted(error)}` : ""}`;
  return httpError(401, "UNAUTHORIZED", message, {
    headers: { "www-authenticate": header },
    detail: access,
  });
}

function challengeOf(challenge: Challenge, access: readonly Access[]): string {
  if (challenge.scheme === "basic") return `Basic realm=${quoted(challenge.realm)}`;
  const { realm, service } = challenge;
  const scope = access.length > 0 ? `,scope=${quoted(access.map(scopeOf).join(" "))}` : "";
  return `Bearer realm=${quoted(realm)},service=${quoted(service)}${scope}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** What may not be read elsewhere is not mounted from there; the client uploads it, as if it were not there. */
function withoutMount(request: Request): Request {
  const url = new URL(request.url);
  url.searchParams.delete("mount");
  url.searchParams.delete("from");
  return new Request(url, request);
}
