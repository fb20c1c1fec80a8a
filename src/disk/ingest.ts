import type { FileHandle } from "node:fs/promises";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, chunksOf } from "../bytes.ts";
import type { Ingest, Options } from "../content/contracts.ts";
import type { Hasher } from "../digest/mod.ts";
import { createHasher } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Algorithm, algorithmOf, type Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type { BlobDirectory } from "./blob_directory.ts";
import { factsOf, writeAll } from "./files.ts";
import { onDisk } from "./errors.ts";
import type { Held } from "./lock.ts";

/** How many bytes are written at once. */
const batchSize = 256 * 1024;

/** What an open session is made of. */
export interface OpenSession {
  /** Its name. */
  session: string;
  /** Where it is. */
  directory: string;
  /** Its lock, until it is closed. */
  held: Held;
  /** Its bytes, open for appending. */
  file: FileHandle;
  /** How many there are. */
  size: number;
}

/** A session that is open. Bytes are hashed as they come; those of an earlier call are read again at the end. */
export class FileIngest implements Ingest {
  readonly #open: OpenSession;
  readonly #blobs: BlobDirectory;
  readonly #algorithm: Algorithm;
  #hasher: Hasher | undefined;
  #offset: number;
  #state: "idle" | "appending" | "over" = "idle";

  constructor(open: OpenSession, blobs: BlobDirectory, algorithm: Algorithm) {
    this.#open = open;
    this.#blobs = blobs;
    this.#algorithm = algorithm;
    this.#offset = open.size;
  }

  get offset(): number {
    return this.#offset;
  }

  async append(bytes: ReadableStream<Bytes>, at: number, options: Options = {}): Promise<number> {
    const { session } = this.#open;
    if (at !== this.#offset || this.#state !== "idle") {
      const reason = this.#state === "idle" ? `it stands at ${this.#offset}` : `it is ${this.#state}`;
      await bytes.cancel().catch(() => {});
      throw new GantryError("conflict", `append to session ${session} at ${at}: ${reason}`);
    }
    this.#state = "appending";
    try {
      if (this.#offset === 0) this.#hasher = await createHasher(this.#algorithm);
      await this.#appendAll(bytes, options.signal);
      return this.#offset;
    } finally {
      this.#state = "idle";
    }
  }

  async commit(expected?: Digest): Promise<Descriptor> {
    const { session, directory, file } = this.#open;
    this.#requireIdle("commit");
    const digest = await this.#disk("commit", async () => {
      await file.sync();
      const [ours, there] = [await file.stat(), await factsOf(join(directory, "data"))];
      if (there?.ino !== ours.ino || ours.size !== this.#offset) {
        throw new GantryError("conflict", `commit session ${session}: somebody else has changed it`);
      }
      return await this.#digest(expected ? algorithmOf(expected) : "sha256");
    });
    if (expected && digest !== expected) {
      await this.abort();
      throw new GantryError("digest-mismatch", `write ${expected}: the bytes are ${digest}`);
    }
    await this.#disk("commit", () => this.#blobs.take(digest, join(directory, "data")));
    await this.abort();
    return { mediaType: mediaTypes.octetStream, digest, size: this.#offset };
  }

  async abort(): Promise<void> {
    const { directory, file, held } = this.#open;
    if (this.#state === "over") return;
    this.#requireIdle("abort");
    this.#state = "over";
    await this.#disk("end", async () => {
      await file.close();
      await held.abandon();
      await removeSession(directory, this.#blobs);
    });
  }

  async close(): Promise<void> {
    const { file, held } = this.#open;
    if (this.#state === "over") return;
    this.#requireIdle("close");
    this.#state = "over";
    await this.#disk("close", async () => {
      try {
        await file.sync();
      } finally {
        await file.close();
        await held.release();
      }
    });
  }

  async #appendAll(bytes: ReadableStream<Bytes>, signal: AbortSignal | undefined): Promise<void> {
    // One buffer for all: pieces that live until they are written pile up faster than they are collected.
    const buffer = new Uint8Array(batchSize);
    let size = 0;
    const flush = async () => {
      const full = buffer.subarray(0, size);
      size = 0;
      await this.#write(full);
    };
    try {
      for await (const chunk of chunksOf(bytes, signal)) {
        for (let at = 0; at < chunk.byteLength;) {
          const part = chunk.subarray(at, at + batchSize - size);
          buffer.set(part, size);
          size += part.byteLength;
          at += part.byteLength;
          if (size === batchSize) await flush();
        }
      }
    } finally {
      await flush(); // also what came before the stream broke
    }
  }

  async #write(piece: Bytes): Promise<void> {
    try {
      const writing = this.#disk("append to", () => writeAll(this.#open.file, piece));
      writing.catch(() => {}); // it is looked at below, once the hash is done
      await this.#hasher?.update(piece);
      await writing;
      this.#offset += piece.byteLength;
    } catch (error) {
      // Part of it may be there: then that is where it goes on, and the bytes are to be read again.
      this.#hasher = undefined;
      this.#offset = (await this.#open.file.stat()).size;
      throw error;
    }
  }

  async #digest(algorithm: Algorithm): Promise<Digest> {
    const known = this.#algorithm === algorithm ? this.#hasher : undefined;
    this.#hasher = undefined;
    const hasher = known ?? await createHasher(algorithm);
    for (let at = 0; !known && at < this.#offset;) {
      const chunk = new Uint8Array(Math.min(batchSize, this.#offset - at));
      const { bytesRead } = await this.#open.file.read(chunk, 0, chunk.byteLength, at);
      if (bytesRead === 0) break;
      await hasher.update(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
    return await hasher.digest();
  }

  #requireIdle(action: string): void {
    if (this.#state === "idle") return;
    throw new GantryError("conflict", `${action} session ${this.#open.session}: it is ${this.#state}`);
  }

  #disk<T>(action: string, work: () => Promise<T>): Promise<T> {
    return onDisk(`${action} session ${this.#open.directory}`, work);
  }
}

/** Removes a session. It is renamed first, so that whoever begins it anew loses nothing. */
export async function removeSession(directory: string, blobs: BlobDirectory): Promise<void> {
  const gone = await blobs.state.temporary();
  await rename(directory, gone);
  await rm(gone, { recursive: true, force: true });
}
