import { type Bytes, chunksOf } from "../bytes.ts";
import type { Content, Ingest, Options } from "../content/contracts.ts";
import type { Hasher } from "../digest/engine.ts";
import { createHasher } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { piecesOf } from "../content/pieces.ts";
import type { Repository } from "./repository.ts";
import { streamedPieces } from "./streamed_pieces.ts";
import { Upload } from "./upload.ts";

// Held in memory: docker-registry 2.8 loses all of an upload when a piece of it breaks off, so a source that fails must
// not break one. ECR takes no less than 5 MiB and does not say so.
export const defaultPieceSize: number = 8 << 20;

/** Opens the upload that a session has begun, or begins one. */
export async function openIngest(
  repository: Repository,
  session: string,
  { signal, create = true, pieceSize }: Options & {
    create?: boolean | undefined;
    pieceSize?: number | undefined;
  },
): Promise<RegistryIngest> {
  const { sessions } = repository.client.settings;
  const key = sessionKey(repository, session);
  const stored = await sessions.get(key);
  let found = false;
  if (stored !== undefined) {
    const upload = new Upload(repository, new URL(stored));
    const state = await upload.askOffset({ signal });
    if (state === "known") return new RegistryIngest(repository, session, upload, pieceSize);
    found = state === "unclear";
    // Where the offset is not known, the upload is begun anew.
    await upload.cancel();
    await sessions.delete(key);
  }
  if (!found && !create) {
    throw new GantryError(
      "not-found",
      `open session ${JSON.stringify(session)} of ${repository.reference()}: no such session`,
    );
  }
  const upload = await Upload.begin(repository, { signal });
  await sessions.set(key, upload.location);
  return new RegistryIngest(repository, session, upload, pieceSize);
}

/** The key under which a session's upload is kept. */
export function sessionKey(repository: Repository, session: string): string {
  return `${repository.reference()}#${session}`;
}

/** An upload in pieces. After each one, its new address is kept under the session. */
export class RegistryIngest implements Ingest {
  readonly #repository: Repository;
  readonly #session: string;
  readonly #upload: Upload;
  readonly #pieceSize: number;
  #hashed: { hasher: Hasher; size: number } | undefined;

  constructor(
    repository: Repository,
    session: string,
    upload: Upload,
    pieceSize = repository.client.settings.pieceSize ?? defaultPieceSize,
  ) {
    this.#repository = repository;
    this.#session = session;
    this.#upload = upload;
    this.#pieceSize = upload.pieceSize(pieceSize);
  }

  get #key(): string {
    return sessionKey(this.#repository, this.#session);
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
    await this.#beginHash();
    for await (const piece of piecesOf(chunksOf(bytes, signal), this.#pieceSize)) {
      await this.#send(piece, { signal });
      await this.#hash(piece);
    }
    return this.offset;
  }

  /** Adds the rest of content that can be read again: none of it is held in memory. */
  async appendContent(content: Content & { size: number }, { signal }: Options = {}): Promise<number> {
    await this.#beginHash();
    const pieces = streamedPieces(content, {
      start: this.offset,
      sizeOf: (wanted) => this.#upload.pieceSize(wanted),
      seen: (chunk) => this.#hash(chunk),
      again: () => void (this.#hashed = undefined), // the registry hashes it
      now: this.#repository.client.settings.environment.now,
      signal,
    });
    for await (const piece of pieces) await this.#send(piece, { signal });
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
      throw new GantryError(
        "digest-mismatch",
        `write ${this.#repository.reference(digest)}: the bytes are ${actual}`,
      );
    }
    try {
      await this.#upload.finish(digest, new Uint8Array(0), { signal });
    } catch (error) {
      if (GantryError.is(error, "digest-mismatch")) await this.abort();
      throw error;
    }
    await this.#repository.client.settings.sessions.delete(this.#key);
    return { mediaType: mediaTypes.octetStream, digest, size };
  }

  /** Sends a piece and remembers where the upload goes on then. */
  async #send(piece: Bytes | (Content & { size: number }), { signal }: Options): Promise<void> {
    await this.#upload.sendPiece(piece, { signal });
    await this.#repository.client.settings.sessions.set(this.#key, this.#upload.location);
  }

  async #beginHash(): Promise<void> {
    if (this.offset > 0) return;
    const hasher = await createHasher().catch(() => undefined);
    this.#hashed = hasher && { hasher, size: 0 };
  }

  async #hash(bytes: Bytes): Promise<void> {
    if (!this.#hashed) return;
    this.#hashed.size += bytes.byteLength;
    await this.#hashed.hasher.update(bytes);
  }

  async abort(): Promise<void> {
    await this.#upload.cancel();
    await this.#repository.client.settings.sessions.delete(this.#key);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
