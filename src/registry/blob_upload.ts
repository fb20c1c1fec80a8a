import { chunksOf, streamOf } from "../bytes.ts";
import type { Content, Options } from "../content/contracts.ts";
import { writeIngest } from "../content/ingest.ts";
import { piecesOf } from "../content/pieces.ts";
import type { Digested } from "../digest/digesting.ts";
import { Tries } from "../http/retry.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf } from "../spec/digest.ts";
import { checkedContent, readContent } from "./checked_content.ts";
import { isTransient, registryErrorOf } from "./errors.ts";
import { defaultPieceSize, openIngest, type RegistryIngest } from "./ingest.ts";
import type { Repository } from "./repository.ts";
import { Upload } from "./upload.ts";

/** A blob of this many bytes or fewer is held in memory. */
const small = 1 << 20;
/** A blob of this many bytes or fewer is sent in one request, which ends the upload. */
const medium = 16 << 20;

/**
 * The sizes of pieces for registries that refuse larger ones: GHCR takes 4 MiB, and a proxy that nobody has told otherwise
 * less than one.
 */
const smallerPieces: readonly number[] = [4 << 20, 512 << 10];

/** The size of pieces that the caller wants, or that the registry has turned out to want. */
function pieceSizeOf({ client, registry }: Repository): number | undefined {
  const sizes = [client.settings.pieceSize, client.pieceSizes.get(registry)].filter((size) =>
    size !== undefined
  );
  return sizes.length > 0 ? Math.min(...sizes) : undefined;
}

/** Whether a blob is sent in one request, which is not worth a session. */
export function isUploadedAtOnce(
  repository: Repository,
  { digest, size = Infinity, replayable }: Content,
): boolean {
  return digest !== undefined && replayable && size <= medium && pieceSizeOf(repository) === undefined;
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
  const whole = (content.size ?? Infinity) <= Math.min(small, repository.client.settings.pieceSize ?? small)
    ? await readContent(content, { what, limit: small, signal })
    : undefined;
  const replayed: Content = whole
    ? { ...content, ...whole, replayable: true, open: () => Promise.resolve(streamOf(whole.bytes)) }
    : content;
  const atOnce = isUploadedAtOnce(repository, content);
  let streamed = false;
  const retries = { replayable: replayed.replayable, onlyOnce: () => streamed, signal };
  return await retryUpload(repository, retries, async (pieceSize) => {
    const upload = begun ?? await Upload.begin(repository, { signal, algorithm });
    begun = undefined;
    try {
      const most = Math.min(pieceSize ?? Infinity, upload.mostAtOnce);
      if (whole && whole.size <= most) {
        await upload.finish(whole.digest, whole.bytes, { signal });
        return { mediaType: content.mediaType, digest: whole.digest, size: whole.size };
      }
      streamed = (content.size ?? Infinity) <= most;
      if (atOnce && streamed) {
        const { content: checked, sent } = checkedContent(content, what);
        await upload.finish(content.digest!, checked, { signal });
        return { mediaType: content.mediaType, ...await sent() };
      }
      const wanted = pieceSize ?? defaultPieceSize;
      const { digest, size } = await send(upload, replayed, { what, most, wanted, signal });
      await upload.finish(digest, new Uint8Array(0), { signal });
      return { mediaType: content.mediaType, digest, size };
    } catch (error) {
      await upload.cancel(signal?.aborted ? 100 : undefined); // who has stopped does not wait for a registry
      throw error;
    }
  });
}

/** Uploads in pieces, from where the last upload of the session broke off. */
export async function uploadSession(
  repository: Repository,
  content: Content,
  { session, signal }: Options & { session: string },
): Promise<Descriptor> {
  const { size } = content;
  // What may break off itself is held in memory, see `defaultPieceSize`. A file does not.
  const steady = size !== undefined && content.replayable && await content.file?.() !== undefined;
  let ingest: RegistryIngest | undefined;
  let streamed = false;
  const retries = {
    replayable: content.replayable,
    onlyOnce: () => streamed,
    reached: () => ingest?.offset,
    signal,
  };
  return await retryUpload(repository, retries, async (pieceSize) => {
    const opened = ingest = await openIngest(repository, session, { pieceSize, signal });
    streamed = steady && pieceSize === undefined;
    const append = streamed ? () => opened.appendContent({ ...content, size: size! }, { signal }) : undefined;
    return await writeIngest(opened, content, { keep: true, append, signal });
  });
}

async function send(
  upload: Upload,
  content: Content,
  { what, most, wanted, signal }: Options & { what: string; most: number; wanted: number },
): Promise<Digested> {
  const { content: checked, sent } = checkedContent(content, what);
  if ((content.size ?? Infinity) <= most) await upload.sendStream(checked, { signal });
  else {
    const chunks = chunksOf(await checked.open({ signal }), signal);
    for await (const piece of piecesOf(chunks, upload.pieceSize(wanted))) {
      await upload.sendPiece(piece, { signal });
    }
  }
  return await sent();
}

/**
 * Retries what failed for a transient reason, where that was sent only once so far, and in smaller pieces what was too large.
 * What the registry takes is remembered for what is sent there next.
 */
async function retryUpload(
  repository: Repository,
  { replayable, onlyOnce, reached, signal }: Options & {
    replayable: boolean;
    onlyOnce(): boolean;
    /** How many bytes the registry had in the end. */
    reached?(): number | undefined;
  },
  attempt: (pieceSize: number | undefined) => Promise<Descriptor>,
): Promise<Descriptor> {
  const { client, registry } = repository;
  const tries = new Tries(client.settings);
  let pieceSize = pieceSizeOf(repository);
  let smaller: number | undefined;
  let furthest = 0;
  for (;;) {
    try {
      const descriptor = await attempt(pieceSize);
      if (smaller !== undefined) client.pieceSizes.set(registry, smaller);
      return descriptor;
    } catch (error) {
      signal?.throwIfAborted();
      const offset = reached?.() ?? 0;
      if (offset > furthest) tries.progressed();
      furthest = Math.max(furthest, offset);
      const next = isTooLarge(error)
        ? smallerPieces.find((size) => size < (pieceSize ?? Infinity))
        : undefined;
      const hopeful = next !== undefined || isLost(error) || (onlyOnce() && isTransient(error));
      if (!replayable || !hopeful || !await tries.again({ signal })) throw error;
      if (next !== undefined) pieceSize = smaller = next;
    }
  }
}

function isTooLarge(error: unknown): boolean {
  const { status = 0, codes = [] } = registryErrorOf(error) ?? {};
  // Proxies that want to know the length say 400 without a word that a registry would say.
  return [411, 413, 416].includes(status) || (status === 400 && codes.length === 0);
}

/** Whether the registry has lost the upload, or track of it. */
function isLost(error: unknown): boolean {
  const { status, codes = [] } = registryErrorOf(error) ?? {};
  return status === 416 || codes.some((code) => code.startsWith("BLOB_UPLOAD_"));
}
