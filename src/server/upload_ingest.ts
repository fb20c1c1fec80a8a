import { type Bytes, observed, utf8 } from "../bytes.ts";
import type { Ingest } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import { hexOf } from "../spec/digest.ts";
import type { RequestContext } from "./request_context.ts";
import type { Span } from "./conditions.ts";
import { httpError, supported } from "./http_error.ts";
import type { RouteTo } from "./routes.ts";

/** An upload's name: nothing else of it is known here, all of its state is with the target. */
export type Upload = Pick<RouteTo<"upload">, "repository" | "id">;

/** How often an upload that another request holds is tried again, 50 ms apart: who lost the connection comes back soon. */
const patience = 20;

/** Names an upload that is to begin. */
export function newUpload(repository: string): Upload {
  return { repository, id: crypto.randomUUID() };
}

/** The upload, in whichever process it was begun; the caller closes it. */
export async function openUpload(
  context: RequestContext,
  upload: Upload,
  { create = false }: { create?: boolean } = {},
): Promise<Ingest> {
  // Several repositories may keep their sessions in one place, and the name may become a file's.
  const session = hexOf(await digestBytes(utf8(`${upload.repository}@${upload.id}`)));
  const target = await context.target(upload.repository);
  const ingest = supported(target.ingest, "take uploads").bind(target);
  for (let tries = patience;; tries--) {
    try {
      return await ingest(session, { create, signal: context.signal });
    } catch (error) {
      if (GantryError.is(error, "not-found") && !create) {
        // It never was, it is finished, or it is another repository's.
        throw httpError(404, "BLOB_UPLOAD_UNKNOWN", "the upload is not known");
      }
      if (!GantryError.is(error, "conflict") || tries === 0) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    context.signal.throwIfAborted();
  }
}

/** Appends the request's body where the upload stands. What came before a failure is kept, and counted. */
export async function receive(
  context: RequestContext,
  upload: Upload,
  ingest: Ingest,
  piece: Span | undefined,
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
  await ingest.append(bytes, at, { signal: context.signal });
}

/** What a client is told of an upload that is still open. */
export function stateOf(upload: Upload, { offset }: Ingest): Record<string, string> {
  return {
    // Relative, so that it holds behind any proxy.
    location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    // Docker's client takes neither "0--1" nor nothing, so that none and one byte look alike, as in Docker's registry.
    range: `0-${Math.max(0, offset - 1)}`,
    "docker-upload-uuid": upload.id,
  };
}

/** The same stream; an error where it is not this long. */
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
