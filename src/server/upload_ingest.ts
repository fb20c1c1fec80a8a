import { type Bytes, observed, utf8 } from "../bytes.ts";
import type { Ingest } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import { type Digest, hexOf } from "../spec/digest.ts";
import type { RequestContext } from "./request_context.ts";
import type { Span } from "./conditions.ts";
import { httpError } from "./http_error.ts";
import type { RouteTo } from "./routes.ts";
import { targetMethod } from "./target_method.ts";

/** The name of an upload. All of its state is in the target, under a session made of this name. */
export type Upload = Pick<RouteTo<"upload">, "repository" | "id">;

/** How often we try to open an upload that another request holds: a client that lost its connection comes back soon. */
const mostTries = 20;
/** Milliseconds between two of these tries. */
const retryInterval = 50;

/** A name for a new upload. */
export function newUpload(repository: string): Upload {
  return { repository, id: crypto.randomUUID() };
}

/** Opens an upload, whichever process started it. The caller closes it. */
export async function openUpload(
  context: RequestContext,
  upload: Upload,
  { create = false }: { create?: boolean } = {},
): Promise<Ingest> {
  // The name may become that of a file, in a directory that several repositories share.
  const session = hexOf(await digestBytes(utf8(`${upload.repository}@${upload.id}`)));
  const target = await context.target(upload.repository);
  const ingest = targetMethod(target, "ingest", "take uploads");
  for (let tries = mostTries;; tries--) {
    try {
      return await ingest(session, { create, signal: context.signal });
    } catch (error) {
      if (GantryError.is(error, "not-found") && !create) {
        // It never existed, is finished, or belongs to another repository.
        throw httpError(404, "BLOB_UPLOAD_UNKNOWN", "the upload is not known");
      }
      if (!GantryError.is(error, "conflict") || tries === 0) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryInterval));
    context.signal.throwIfAborted();
  }
}

/** Appends the body of the request to the upload; `expected` is what all bytes hash to once they are there. */
export async function receive(
  context: RequestContext,
  upload: Upload,
  ingest: Ingest,
  { piece, expected }: { piece?: Span | undefined; expected?: Digest | undefined },
): Promise<void> {
  const body = context.request.body as ReadableStream<Bytes> | null;
  const at = ingest.offset;
  if (piece && piece.start !== at) {
    const reason = `the upload has ${at} bytes, the piece begins at ${piece.start}`;
    throw httpError(416, "BLOB_UPLOAD_INVALID", reason, { headers: stateOf(upload, ingest) });
  }
  if (!body && piece) throw httpError(400, "SIZE_INVALID", "the Content-Range names bytes, but none came");
  if (!body) return;
  const bytes = piece ? exactly(body, piece.end - piece.start) : body;
  const size = piece ? piece.end - piece.start : lengthOf(context.request.headers);
  await ingest.append(bytes, at, { size, expected, signal: context.signal });
}

/** How long a body is, if its sender says so. */
function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** The headers that describe an unfinished upload. */
export function stateOf(upload: Upload, { offset }: Ingest): Record<string, string> {
  return {
    // Relative, so that it is right behind any proxy.
    location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    // Docker's client accepts neither "0--1" nor a missing header. So 0 bytes look like 1, as in Docker's registry.
    range: `0-${Math.max(0, offset - 1)}`,
    "docker-upload-uuid": upload.id,
  };
}

/** The same stream; it fails where it does not have this length. */
function exactly(bytes: ReadableStream<Bytes>, length: number): ReadableStream<Bytes> {
  let left = length;
  const check = (right: boolean) => {
    if (!right) throw httpError(400, "SIZE_INVALID", `the Content-Range names ${length} bytes, others came`);
  };
  return observed(bytes, {
    chunk: (chunk) => check((left -= chunk.byteLength) >= 0),
    done: () => check(left === 0),
  });
}
