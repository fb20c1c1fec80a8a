import type { Ingest } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { algorithms, type Digest } from "../spec/digest.ts";
import type { RequestContext } from "./request_context.ts";
import { empty } from "./responses.ts";
import { pieceOf } from "./conditions.ts";
import { mountBlob } from "./mount.ts";
import { httpError } from "./http_error.ts";
import { digestParameter, parameter, type RouteTo } from "./routes.ts";
import { newUpload, openUpload, receive, stateOf, type Upload } from "./upload_ingest.ts";

/** POST: mounts a blob, takes a whole one, or starts an upload. */
export async function startUpload(
  context: RequestContext,
  { repository }: RouteTo<"uploads">,
): Promise<Response> {
  const { url } = context;
  const mounted = digestParameter(url, "mount");
  const digest = digestParameter(url, "digest");
  const from = parameter(url, "from", "NAME_INVALID") ?? (mounted && await context.holder?.(mounted));
  const algorithm = parameter(url, "digest-algorithm", "DIGEST_INVALID");
  if (algorithm !== undefined && !algorithms.some((known) => known === algorithm)) {
    throw httpError(400, "DIGEST_INVALID", "the digest algorithm is not known");
  }
  if (mounted && from !== undefined && await mountBlob(context, { repository, from, digest: mounted })) {
    return created(repository, mounted);
  }
  // The specification wants an upload, not an error, where a blob cannot be mounted.
  if (digest && !mounted) return await takeWhole(context, repository, digest);
  const upload = newUpload(repository);
  return empty(202, await stateOnly(upload, openUpload(context, upload, { create: true })));
}

/** GET: how far an upload has come. */
export async function getUpload(context: RequestContext, upload: RouteTo<"upload">): Promise<Response> {
  return empty(204, await stateOnly(upload, openUpload(context, upload)));
}

/** PATCH: more bytes, as a stream of any length or as a piece with a `Content-Range`. */
export async function patchUpload(context: RequestContext, upload: RouteTo<"upload">): Promise<Response> {
  const piece = pieceOf(context.request.headers);
  const ingest = await openUpload(context, upload);
  try {
    await receive(context, upload, ingest, { piece });
    return empty(202, stateOf(upload, ingest));
  } finally {
    await ingest.close();
  }
}

/** PUT: the last bytes, if any, and the digest of them all. */
export async function putUpload(context: RequestContext, upload: RouteTo<"upload">): Promise<Response> {
  const digest = digestParameter(context.url, "digest");
  if (!digest) throw httpError(400, "DIGEST_INVALID", 'the parameter "digest" is missing');
  const piece = pieceOf(context.request.headers);
  const ingest = await openUpload(context, upload);
  try {
    await receive(context, upload, ingest, { piece, expected: digest });
    return await commit(context, upload.repository, ingest, digest);
  } finally {
    await ingest.close();
  }
}

/** DELETE: forgets an upload. */
export async function deleteUpload(context: RequestContext, upload: RouteTo<"upload">): Promise<Response> {
  const ingest = await openUpload(context, upload);
  await ingest.abort();
  return empty(204);
}

/** Takes a blob in the POST itself. Nobody learns the id of the upload, so it is forgotten when it fails. */
async function takeWhole(context: RequestContext, repository: string, digest: Digest): Promise<Response> {
  const upload = newUpload(repository);
  const ingest = await openUpload(context, upload, { create: true });
  try {
    await receive(context, upload, ingest, { expected: digest });
    return await commit(context, repository, ingest, digest);
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}

async function commit(
  context: RequestContext,
  repository: string,
  ingest: Ingest,
  digest: Digest,
): Promise<Response> {
  try {
    await ingest.commit(digest, { signal: context.signal });
    return created(repository, digest);
  } catch (error) {
    if (!GantryError.is(error, "digest-mismatch")) throw error;
    throw httpError(400, "DIGEST_INVALID", `the bytes do not hash to ${digest}`);
  }
}

function created(repository: string, digest: Digest): Response {
  return empty(201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest });
}

async function stateOnly(upload: Upload, opening: Promise<Ingest>): Promise<Record<string, string>> {
  const ingest = await opening;
  const state = stateOf(upload, ingest);
  await ingest.close();
  return state;
}
