import type { Ingest } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { algorithms, type Digest } from "../spec/digest.ts";
import { type Call, empty } from "./call.ts";
import { pieceOf } from "./conditions.ts";
import { mount } from "./mounts.ts";
import { refusal } from "./refusal.ts";
import { digestParameter, parameter, type RouteTo } from "./routes.ts";
import { newUpload, openUpload, receive, stateOf, type Upload } from "./sessions.ts";

/** POST: mounts a blob, takes one whole, or begins an upload. */
export async function startUpload(call: Call, { repository }: RouteTo<"uploads">): Promise<Response> {
  const { url } = call;
  const mounted = digestParameter(url, "mount");
  const digest = digestParameter(url, "digest");
  const from = parameter(url, "from", "NAME_INVALID");
  const algorithm = parameter(url, "digest-algorithm", "DIGEST_INVALID");
  if (algorithm !== undefined && !algorithms.some((known) => known === algorithm)) {
    throw refusal(400, "DIGEST_INVALID", "the digest algorithm is not known");
  }
  if (mounted && from !== undefined && await mount(call, { repository, from, digest: mounted })) {
    return created(repository, mounted);
  }
  // What cannot be mounted is to be uploaded; the specification wants no error here.
  if (digest && !mounted) return await takeWhole(call, repository, digest);
  const upload = newUpload(repository);
  return empty(202, await stateOnly(upload, openUpload(call, upload, { create: true })));
}

/** GET: how far an upload has come. */
export async function getUpload(call: Call, upload: RouteTo<"upload">): Promise<Response> {
  return empty(204, await stateOnly(upload, openUpload(call, upload)));
}

/** PATCH: more bytes, a stream of any length or a piece that says where it belongs. */
export async function patchUpload(call: Call, upload: RouteTo<"upload">): Promise<Response> {
  const piece = pieceOf(call.request.headers);
  const ingest = await openUpload(call, upload);
  try {
    await receive(call, upload, ingest, piece);
    return empty(202, stateOf(upload, ingest));
  } finally {
    await ingest.close();
  }
}

/** PUT: the last bytes, if any, and the digest of them all. */
export async function putUpload(call: Call, upload: RouteTo<"upload">): Promise<Response> {
  const digest = digestParameter(call.url, "digest");
  if (!digest) throw refusal(400, "DIGEST_INVALID", 'the parameter "digest" is missing');
  const piece = pieceOf(call.request.headers);
  const ingest = await openUpload(call, upload);
  try {
    await receive(call, upload, ingest, piece);
    return await commit(call, upload.repository, ingest, digest);
  } finally {
    await ingest.close();
  }
}

/** DELETE: forgets an upload. */
export async function deleteUpload(call: Call, upload: RouteTo<"upload">): Promise<Response> {
  const ingest = await openUpload(call, upload);
  await ingest.abort();
  return empty(204);
}

/** A blob in the POST itself. Nobody learns the upload's id, so what fails is forgotten at once. */
async function takeWhole(call: Call, repository: string, digest: Digest): Promise<Response> {
  const upload = newUpload(repository);
  const ingest = await openUpload(call, upload, { create: true });
  try {
    await receive(call, upload, ingest, undefined);
    return await commit(call, repository, ingest, digest);
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}

async function commit(call: Call, repository: string, ingest: Ingest, digest: Digest): Promise<Response> {
  try {
    await ingest.commit(digest, { signal: call.signal });
    return created(repository, digest);
  } catch (error) {
    if (!GantryError.is(error, "digest-mismatch")) throw error;
    throw refusal(400, "DIGEST_INVALID", `the bytes do not hash to ${digest}`);
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
