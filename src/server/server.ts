import type { Target } from "../content/contracts.ts";
import { isRegistry } from "../spec/reference.ts";
import { documentLimit } from "../content/read.ts";
import type { Digest } from "../spec/digest.ts";
import { deleteBlob, getBlob } from "./blobs.ts";
import type { Handler } from "./handler.ts";
import type { RequestContext } from "./request_context.ts";
import { finished, json } from "./responses.ts";
import { listRepositories, listTags } from "./lists.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { listReferrers } from "./referrers.ts";
import { httpError, httpErrorFrom, orNotFound } from "./http_error.ts";
import { type Route, routeOf } from "./routes.ts";
import { deleteUpload, getUpload, patchUpload, putUpload, startUpload } from "./uploads.ts";

/** How the names of repositories are asked for. */
export interface CatalogOptions {
  /** Only those behind this one are wanted. Default: all. */
  after?: string | undefined;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
}

/** Options of {@link server}. */
export interface ServerOptions {
  /**
   * Opens a repository by its name, which has passed the grammar of names. Throw a `GantryError` to refuse: `not-found`,
   * `denied`, `unauthorized`. `origin` is the registry of which the client takes this one for a mirror, as containerd says.
   */
  repositories: (name: string, origin?: string) => Target | Promise<Target>;
  /** The names of all repositories. Default: they cannot be listed. */
  catalog?: ((options: CatalogOptions) => AsyncIterable<string>) | undefined;
  /** Whether `catalog` gives names in the order of their bytes, and only those behind `after`: a page costs no more. */
  catalogOrdered?: boolean | undefined;
  /**
   * Takes manifests and indexes that name what is not there: mirrors of some platforms, layers that come from elsewhere.
   * Default: they are refused.
   */
  sparse?: boolean | undefined;
  /**
   * Sends who reads a blob to the storage it is in, with a redirect to a URL that is signed for some minutes, where the
   * repository knows one. Clients must be able to reach it. Default: blobs are streamed.
   */
  redirect?: boolean | undefined;
  /**
   * Says that targets verify what they keep when it comes in, and keep it to themselves. Then blobs that are files
   * ({@link Source.file}) are sent by `listen` as they are, not hashed at every GET; their sizes are still checked. Scrub
   * them (`Store.scrub`), since disks forget. Default: all that is sent whole is hashed.
   */
  keptVerified?: boolean | undefined;
  /**
   * A repository that has a blob, for clients that have it mounted without saying from where. Name only what everybody may
   * read who may push: whoever knows a digest gets the blob. Default: such clients upload it.
   */
  holder?: ((digest: Digest) => Promise<string | undefined>) | undefined;
  /** The largest manifest, in bytes. Default: 8 MiB. */
  manifestLimit?: number | undefined;
  /** Called with every error that is answered with a status of 500 or more. The client does not see its message. */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}

/**
 * A registry that speaks the OCI distribution protocol, as a function from request to response. It keeps no state: an
 * upload may go on in another process over the same storage. It asks for no credentials; wrap it to do so.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { server } from "@gantry/oci/server";
 *
 * const repositories = new Map([["app", memory()]]);
 * const registry = server({
 *   repositories: (name) => repositories.get(name) ?? memory(),
 *   catalog: async function* () {
 *     yield* repositories.keys();
 *   },
 * });
 * const response = await registry(new Request("http://localhost/v2/app/tags/list"));
 * console.log(await response.json()); // { name: "app", tags: [] }
 * ```
 */
export function server(options: ServerOptions): Handler {
  return async (request) => {
    const response = await answer(request, options);
    // A client that is refused may still be sending.
    if (request.body && !request.body.locked) await request.body.cancel().catch(() => {});
    return finished(response, request);
  };
}

async function answer(request: Request, options: ServerOptions): Promise<Response> {
  try {
    const url = new URL(request.url);
    return await handlerOf(request.method, routeOf(url.pathname))({
      request,
      url,
      signal: request.signal,
      manifestLimit: options.manifestLimit ?? documentLimit,
      holder: options.holder,
      redirect: options.redirect ?? false,
      sparse: options.sparse ?? false,
      keptVerified: options.keptVerified ?? false,
      catalog: options.catalog,
      catalogOrdered: options.catalogOrdered ?? false,
      target: (name) =>
        orNotFound(
          Promise.resolve().then(() => options.repositories(name, originIn(url))),
          "NAME_UNKNOWN",
          `repository ${name} is not known`,
        ),
    });
  } catch (error) {
    // The client is gone; nobody reads this response.
    if (request.signal.aborted) return new Response(null, { status: 499 });
    const { status, entries, headers } = httpErrorFrom(error);
    if (status >= 500) options.onError?.(error, request);
    return json({ errors: entries }, status, headers);
  }
}

/** The registry that a mirror is asked in place of: `ns=docker.io`. */
function originIn(url: URL): string | undefined {
  const origin = url.searchParams.get("ns");
  return origin !== null && isRegistry(origin) ? origin : undefined;
}

type Methods = Partial<Record<string, (context: RequestContext) => Promise<Response>>>;

function handlerOf(method: string, route: Route): (context: RequestContext) => Promise<Response> {
  const methods = methodsOf(route);
  const name = method === "HEAD" ? "GET" : method;
  if (Object.hasOwn(methods, name)) return methods[name]!;
  const known = Object.keys(methods).map((name) => name === "GET" ? "GET, HEAD" : name);
  throw httpError(405, "UNSUPPORTED", `the method ${method} does nothing here`, {
    headers: { allow: known.join(", ") },
  });
}

function methodsOf(route: Route): Methods {
  switch (route.kind) {
    case "ping":
      return { GET: () => Promise.resolve(json({})) };
    case "catalog":
      return { GET: listRepositories };
    case "tags":
      return { GET: (context) => listTags(context, route) };
    case "referrers":
      return { GET: (context) => listReferrers(context, route) };
    case "manifest":
      return {
        GET: (context) => getManifest(context, route),
        PUT: (context) => putManifest(context, route),
        DELETE: (context) => deleteManifest(context, route),
      };
    case "blob":
      return { GET: (context) => getBlob(context, route), DELETE: (context) => deleteBlob(context, route) };
    case "uploads":
      return { POST: (context) => startUpload(context, route) };
    case "upload":
      return {
        GET: (context) => getUpload(context, route),
        PATCH: (context) => patchUpload(context, route),
        PUT: (context) => putUpload(context, route),
        DELETE: (context) => deleteUpload(context, route),
      };
  }
}
