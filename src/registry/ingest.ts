import { type Bytes, chunksOf } from "../bytes.ts";
import type { Ingest, Options } from "../content/contracts.ts";
import type { Hasher } from "../digest/engine.ts";
import { createHasher } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { piecesOf } from "../content/pieces.ts";
import type { Place } from "./repository.ts";
import { Upload } from "./upload.ts";
import { grace } from "../http/timeout.ts";

// GHCR takes no more than 4 MiB in a piece and says so; ECR takes no less than 5 and does not.
const pieceSize = 5 << 20;

/** How long a piece that is on its way may take to arrive after an abort. */
const lastPiece = 5000;

/** Opens the upload that a session has begun, or begins it. */
export async function openIngest(
  place: Place,
  session: string,
  { signal, create = true, piece }: Options & { create?: boolean | undefined; piece?: number | undefined },
): Promise<Ingest> {
  const { sessions } = place.wire.settings;
  const key = sessionKey(place, session);
  const stored = await sessions.get(key);
  let found = false;
  if (stored !== undefined) {
    const upload = new Upload(place, new URL(stored));
    const state = await upload.locate({ signal });
    if (state === "known") return new RegistryIngest(place, session, upload, piece);
    found = state === "unclear";
    // It is better begun anew.
    await upload.cancel();
    await sessions.delete(key);
  }
  if (!found && !create) {
    throw new GantryError(
      "not-found",
      `open session ${JSON.stringify(session)} of ${place.name()}: no such session`,
    );
  }
  const upload = await Upload.begin(place, { signal });
  await sessions.set(key, upload.location);
  return new RegistryIngest(place, session, upload, piece);
}

/** The key under which a session's upload is kept. */
export function sessionKey(place: Place, session: string): string {
  return `${place.name()}#${session}`;
}

/** An upload in pieces, each of which is remembered. */
class RegistryIngest implements Ingest {
  readonly #place: Place;
  readonly #session: string;
  readonly #upload: Upload;
  readonly #piece: number;
  #hashed: { hasher: Hasher; size: number } | undefined;

  constructor(
    place: Place,
    session: string,
    upload: Upload,
    piece = place.wire.settings.pieceSize ?? pieceSize,
  ) {
    this.#place = place;
    this.#session = session;
    this.#upload = upload;
    this.#piece = Math.max(piece, upload.leastPiece);
  }

  get #key(): string {
    return sessionKey(this.#place, this.#session);
  }

  get offset(): number {
    return this.#upload.offset;
  }

  async append(bytes: ReadableStream<Bytes>, at: number, { signal }: Options = {}): Promise<number> {
    if (at !== this.offset) {
      await bytes.cancel();
      throw new GantryError(
        "conflict",
        `append to session ${this.#session} at ${at}: it stands at ${this.offset}`,
      );
    }
    if (at === 0) {
      const hasher = await createHasher().catch(() => undefined);
      this.#hashed = hasher && { hasher, size: 0 };
    }
    const late = grace(signal, lastPiece);
    try {
      for await (const piece of piecesOf(chunksOf(bytes, signal), this.#piece)) {
        await this.#upload.piece(piece, { signal: late.signal });
        await this.#place.wire.settings.sessions.set(this.#key, this.#upload.location);
        if (!this.#hashed) continue;
        await this.#hashed.hasher.update(piece);
        this.#hashed.size += piece.byteLength;
      }
    } finally {
      late.end();
    }
    return this.offset;
  }

  async commit(expected?: Digest, { signal }: Options = {}): Promise<Descriptor> {
    const size = this.offset;
    const actual = this.#hashed?.size === size ? await this.#hashed.hasher.digest() : undefined;
    const digest = expected ?? actual;
    if (!digest) {
      throw new GantryError(
        "unsupported",
        `commit session ${this.#session}: it was begun elsewhere, so the digest must be told`,
      );
    }
    if (actual && algorithmOf(digest) === "sha256" && actual !== digest) {
      await this.abort();
      throw new GantryError("digest-mismatch", `write ${this.#place.name(digest)}: the bytes are ${actual}`);
    }
    try {
      await this.#upload.finish(digest, new Uint8Array(0), { signal });
    } catch (error) {
      if (GantryError.is(error, "digest-mismatch")) await this.abort();
      throw error;
    }
    await this.#place.wire.settings.sessions.delete(this.#key);
    return { mediaType: mediaTypes.octetStream, digest, size };
  }

  async abort(): Promise<void> {
    await this.#upload.cancel();
    await this.#place.wire.settings.sessions.delete(this.#key);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
