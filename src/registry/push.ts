import { chunksOf } from "../bytes.ts";
import type { Content, Options, Origin, WriteOptions, Written } from "../content/contracts.ts";
import { writeIngest } from "../content/ingest.ts";
import type { Digested } from "../digest/digesting.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { isRepository } from "../spec/reference.ts";
import { findBlob, resolveBlob } from "./blobs.ts";
import { passes, refusalOf } from "./errors.ts";
import { openIngest, sessionKey } from "./ingest.ts";
import { outgoing, readContent } from "./checked_content.ts";
import { piecesOf } from "../content/pieces.ts";
import type { Place } from "./repository.ts";
import { retryDelay } from "../http/retry.ts";
import { repositoryScope } from "./scope.ts";
import { postUpload, Upload } from "./upload.ts";

/** A blob of so many bytes or fewer is held in memory and sent at once. */
const small = 1 << 20;

/** What a registry takes that refuses a blob in one piece. */
const modestPiece = 4 << 20;

/** Writes a blob: finds it there, or mounts it from where it is known to be, or uploads it. */
export async function writeBlob(place: Place, content: Content, options: WriteOptions): Promise<Written> {
  const { signal } = options;
  const { mediaType, digest } = content;
  const session = digest && options.session;
  if (!digest) return { descriptor: await upload(place, content, options), how: "written" };
  const descriptor = async (size = content.size) => {
    size ??= (await resolveBlob(place, digest, { signal })).descriptor.size;
    return { mediaType, digest, size };
  };
  const found = await findBlob(place, digest, { signal });
  if (found) {
    if (session) await place.wire.settings.sessions.delete(sessionKey(place, session));
    return { descriptor: await descriptor(content.size ?? found.size), how: "present" };
  }
  const begun = options.origins && await mount(place, digest, options.origins, options);
  if (begun === "mounted") return { descriptor: await descriptor(), how: "mounted" };
  if (session) {
    await begun?.cancel();
    return { descriptor: await uploadSession(place, content, { session, signal }), how: "written" };
  }
  return { descriptor: await upload(place, content, { begun, signal }), how: "written" };
}

/** Takes a blob over from one of the repositories of the same registry; otherwise the registry may have begun an upload. */
async function mount(
  place: Place,
  digest: Digest,
  origins: AsyncIterable<Origin>,
  { signal }: Options,
): Promise<"mounted" | Upload | undefined> {
  let begun: Upload | undefined;
  let tries = 0;
  for await (const { registry, repository } of origins) {
    if (registry !== place.registry || repository === place.repository || !isRepository(repository)) continue;
    if (++tries > 3) break;
    try {
      await begun?.cancel();
      begun = undefined;
      const query = `?mount=${digest}&from=${encodeURIComponent(repository)}`;
      const answer = await postUpload(place, {
        query,
        signal,
        scopes: [repositoryScope(repository, "pull")],
      });
      if (answer.status === 202) begun = await Upload.from(place, answer);
      else await answer.discard();
      if (answer.status === 201) return "mounted";
    } catch (error) {
      // Registries refuse to mount in many ways; none of them keeps anybody from uploading.
      if (signal?.aborted || !GantryError.is(error)) throw error;
    }
  }
  return begun;
}

/** Uploads at once, or as it comes, or in pieces; nothing is left of what fails. */
async function upload(
  place: Place,
  content: Content,
  { begun, signal }: Options & { begun?: Upload | undefined },
): Promise<Descriptor> {
  const what = `write ${content.digest ? place.name(content.digest) : `a blob to ${place.name()}`}`;
  const algorithm = content.digest && algorithmOf(content.digest);
  const { pieceSize = small } = place.wire.settings;
  const all = (content.size ?? Infinity) <= Math.min(small, pieceSize)
    ? await readContent(content, { what, limit: small, signal })
    : undefined;
  return await persist(place, content.replayable || all !== undefined, signal, async (piece) => {
    const upload = begun ?? await Upload.begin(place, { signal, algorithm });
    begun = undefined;
    try {
      const { digest, size } = all ?? await send(upload, content, { what, piece, signal });
      await upload.finish(digest, all?.bytes ?? new Uint8Array(0), { signal });
      return { mediaType: content.mediaType, digest, size };
    } catch (error) {
      await upload.cancel();
      throw error;
    }
  });
}

async function send(
  upload: Upload,
  content: Content,
  { what, piece, signal }: Options & { what: string; piece: number | undefined },
): Promise<Digested> {
  const { content: checked, sent } = outgoing(content, what);
  if (piece === undefined) await upload.stream(checked, { signal });
  else {
    const chunks = chunksOf(await checked.open({ signal }), signal);
    for await (const bytes of piecesOf(chunks, Math.max(piece, upload.leastPiece))) {
      await upload.piece(bytes, { signal });
    }
  }
  return await sent();
}

/** Uploads in pieces, from where the session's last upload broke off. */
function uploadSession(
  place: Place,
  content: Content,
  { session, signal }: Options & { session: string },
): Promise<Descriptor> {
  return persist(place, content.replayable, signal, async (piece) => {
    const ingest = await openIngest(place, session, { piece, signal });
    return await writeIngest(ingest, content, { keep: true, signal });
  });
}

/** Tries again what failed for the moment, and in smaller pieces what was too large. */
async function persist(
  place: Place,
  replayable: boolean,
  signal: AbortSignal | undefined,
  attempt: (piece: number | undefined) => Promise<Descriptor>,
): Promise<Descriptor> {
  const { limits, environment, pieceSize } = place.wire.settings;
  let piece = pieceSize;
  for (let tries = 0;; tries++) {
    try {
      return await attempt(piece);
    } catch (error) {
      signal?.throwIfAborted();
      const tooLarge = [411, 413, 416].includes(refusalOf(error)?.status ?? 0) &&
        (piece ?? Infinity) > modestPiece;
      if (!replayable || tries >= limits.retries || !(tooLarge || isLost(error) || passes(error))) {
        throw error;
      }
      if (tooLarge) piece = modestPiece;
    }
    await environment.sleep(retryDelay(tries, undefined, environment), signal);
  }
}

/** Whether the registry has lost the upload, or track of it. */
function isLost(error: unknown): boolean {
  const { status, codes = [] } = refusalOf(error) ?? {};
  return status === 416 || codes.some((code) => code.startsWith("BLOB_UPLOAD_"));
}
