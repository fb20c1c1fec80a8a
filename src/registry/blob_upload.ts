import { chunksOf } from "../bytes.ts";
import type { Content, Options } from "../content/contracts.ts";
import { writeIngest } from "../content/ingest.ts";
import { piecesOf } from "../content/pieces.ts";
import type { Digested } from "../digest/digesting.ts";
import { Tries } from "../http/retry.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf } from "../spec/digest.ts";
import { checkedContent, readContent } from "./checked_content.ts";
import { isTransient, registryErrorOf } from "./errors.ts";
import { openIngest } from "./ingest.ts";
import type { Repository } from "./repository.ts";
import { Upload } from "./upload.ts";

/** A blob of this many bytes or fewer is held in memory. */
const small = 1 << 20;
/** A blob of this many bytes or fewer is sent in one request, which ends the upload. */
const medium = 16 << 20;

/** The piece size for registries that refuse a blob in one piece. */
const fallbackPieceSize = 4 << 20;

/** Whether a blob is sent in one request, which is not worth a session. */
export function isUploadedAtOnce(
  { client }: Repository,
  { digest, size = Infinity, replayable }: Content,
): boolean {
  return digest !== undefined && replayable && size <= (client.settings.pieceSize === undefined ? medium : 0);
}

/** Uploads at once, as a stream, or in pieces. Of an upload that fails, nothing is left. */
export async function uploadBlob(
  repository: Repository,
  content: Content,
  { begun, signal }: Options & { begun?: Upload | undefined },
): Promise<Descriptor> {
  const target = content.digest
    ? repository.reference(content.digest)
    : `a blob to ${repository.reference()}`;
  const what = `write ${target}`;
  const algorithm = content.digest && algorithmOf(content.digest);
  const { pieceSize = small } = repository.client.settings;
  const whole = (content.size ?? Infinity) <= Math.min(small, pieceSize)
    ? await readContent(content, { what, limit: small, signal })
    : undefined;
  const replayable = content.replayable || whole !== undefined;
  const atOnce = isUploadedAtOnce(repository, content);
  return await retryUpload(repository, { replayable, signal }, async (pieceSize) => {
    const upload = begun ?? await Upload.begin(repository, { signal, algorithm });
    begun = undefined;
    try {
      if (!whole && atOnce && pieceSize === undefined) {
        const { content: checked, sent } = checkedContent(content, what);
        await upload.finish(content.digest!, checked, { signal });
        return { mediaType: content.mediaType, ...await sent() };
      }
      const { digest, size } = whole ?? await send(upload, content, { what, pieceSize, signal });
      await upload.finish(digest, whole?.bytes ?? new Uint8Array(0), { signal });
      return { mediaType: content.mediaType, digest, size };
    } catch (error) {
      await upload.cancel(signal?.aborted ? 100 : undefined); // who has stopped does not wait for a registry
      throw error;
    }
  });
}

/** Uploads in pieces, from where the last upload of the session broke off. */
export function uploadSession(
  repository: Repository,
  content: Content,
  { session, signal }: Options & { session: string },
): Promise<Descriptor> {
  return retryUpload(repository, { replayable: content.replayable, signal }, async (pieceSize) => {
    const ingest = await openIngest(repository, session, { pieceSize, signal });
    return await writeIngest(ingest, content, { keep: true, signal });
  });
}

async function send(
  upload: Upload,
  content: Content,
  { what, pieceSize, signal }: Options & { what: string; pieceSize: number | undefined },
): Promise<Digested> {
  const { content: checked, sent } = checkedContent(content, what);
  if (pieceSize === undefined) await upload.sendStream(checked, { signal });
  else {
    const chunks = chunksOf(await checked.open({ signal }), signal);
    for await (const piece of piecesOf(chunks, upload.pieceSize(pieceSize))) {
      await upload.sendPiece(piece, { signal });
    }
  }
  return await sent();
}

/** Retries what failed for a transient reason, and in smaller pieces what was too large. */
async function retryUpload(
  repository: Repository,
  { replayable, signal }: Options & { replayable: boolean },
  attempt: (pieceSize: number | undefined) => Promise<Descriptor>,
): Promise<Descriptor> {
  const { settings } = repository.client;
  const tries = new Tries(settings);
  let { pieceSize } = settings;
  for (;;) {
    try {
      return await attempt(pieceSize);
    } catch (error) {
      signal?.throwIfAborted();
      const tooLarge = [411, 413, 416].includes(registryErrorOf(error)?.status ?? 0) &&
        (pieceSize ?? Infinity) > fallbackPieceSize;
      const hopeful = tooLarge || isLost(error) || isTransient(error);
      if (!replayable || !hopeful || !await tries.again({ signal })) throw error;
      if (tooLarge) pieceSize = fallbackPieceSize;
    }
  }
}

/** Whether the registry has lost the upload, or track of it. */
function isLost(error: unknown): boolean {
  const { status, codes = [] } = registryErrorOf(error) ?? {};
  return status === 416 || codes.some((code) => code.startsWith("BLOB_UPLOAD_"));
}
